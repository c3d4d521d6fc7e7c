"""What an instructor's side needs: the secret seed of the hidden checks, and running a submission with it."""
