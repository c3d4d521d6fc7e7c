"""What `make` and bootstrap.py run: standard library only, because it runs before anything is installed."""
