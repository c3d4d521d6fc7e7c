"""The way between a course folder and a learning management system: rosters and submissions in, marks out."""
