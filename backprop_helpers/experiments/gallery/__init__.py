"""The experiments, one file each: the file `neuron_line.py` defines the experiment `neuron_line`."""
