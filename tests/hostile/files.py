"""After files: other people's, the course's, Python's own, and the disk."""

from tests.hostile import Hostile

SUBMISSIONS = [
    Hostile(
        "read_a_secret_file",
        "Reads a file that everybody on the machine may read.",
        ("attempt(lambda: open('@FOLDER@/secret').read())",),
        wins_without_walls=True,
    ),
    Hostile(
        "read_password_files",
        "Looks who has an account here.",
        (
            "for p in ('/etc/passwd', '/etc/shadow', '/etc/hostname', '/etc/ssh'):\n    attempt(lambda: open(p).read(1))",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "list_the_judges_folder",
        "Looks for other submissions beside its own.",
        (
            "attempt(os.listdir, '@FOLDER@')\nattempt(os.listdir, '..' if '@FOLDER@'.startswith(os.getcwd()) else '@FOLDER@/..')",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "read_the_reference_solutions",
        "Searches every folder that Python knows, and the repository, for the right answers.",
        (
            "import glob\n"
            "places = [*sys.path, *(os.path.join(p, '..') for p in sys.path), '@REPOSITORY@', '/']\n"
            "for place in places:\n"
            "    for wanted in ('backprop_helpers/layers.py', 'layers.py', 'lessons/04_backward_pass.py', 'solutions'):\n"
            "        path = os.path.join(place, wanted)\n"
            "        if os.path.isdir(path) and os.listdir(path) or os.path.isfile(path) and open(path).read(1):\n"
            "            print('WON', path)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "import_the_reference_solutions",
        "Imports the course's package instead of solving the exercise.",
        (
            "sys.path += ['@REPOSITORY@', '.', '/', '..']\n"
            "attempt(lambda: __import__('backprop_helpers.layers').layers.affine_backward)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "find_the_reference_solutions_in_memory",
        "Looks through all loaded modules and objects for the course's functions.",
        (
            "import gc, types\n"
            "names = {'affine_backward', 'mlp_backward', 'softmax_loss'}\n"
            "for o in gc.get_objects():\n"
            "    if isinstance(o, types.FunctionType) and o.__name__ in names:\n"
            "        print('WON', o)\n"
            "if any('checks' in m or 'misconceptions' in m for m in sys.modules if m.startswith('backprop_helpers')):\n"
            "    print('WON', 'modules')",
        ),
    ),
    Hostile(
        "write_outside",
        "Leaves a file where somebody may run it later.",
        (
            "for d in ('@FOLDER@', '/tmp', '/var/tmp', '/dev/shm', '/', os.path.dirname(np.__file__)):\n    attempt(lambda: os.close(os.open(d + '/planted_by_a_learner', os.O_CREAT | os.O_WRONLY)))",
        ),
    ),
    Hostile(
        "write_outside_the_judges_folder",
        "Writes a file into the judge's folder.",
        ("attempt(lambda: open('@FOLDER@/planted', 'w').write('x'))",),
        wins_without_walls=True,
    ),
    Hostile(
        "change_numpy_for_everybody",
        "Opens NumPy's and Python's own files to write to them.",
        (
            "for p in (np.__file__, os.__file__):\n    attempt(lambda: os.close(os.open(p, os.O_WRONLY)))\n    attempt(lambda: os.close(os.open(p, os.O_RDWR)))",
        ),
    ),
    Hostile(
        "follow_a_symlink_out",
        "Makes a link to a secret file in its own folder and reads through it.",
        ("attempt(lambda: (os.symlink('@FOLDER@/secret', 'link'), open('link').read())[1])",),
        wins_without_walls=True,
    ),
    Hostile(
        "hard_link_a_secret",
        "Makes a second name for a secret file.",
        ("attempt(lambda: os.link('@FOLDER@/secret', '@FOLDER@/second'))",),
        wins_without_walls=True,
    ),
    Hostile(
        "delete_a_file",
        "Deletes a file of the judge's.",
        ("attempt(os.unlink, '@FOLDER@/secret')",),
        wins_without_walls=True,
    ),
    Hostile(
        "change_attributes",
        "Changes rights, times, owner, extended attributes and length of a file it cannot open.",
        (
            "p = '@FOLDER@/secret'\n"
            "attempt(os.chmod, p, 0)\nattempt(os.utime, p, (0, 0))\nattempt(os.chown, p, os.getuid(), os.getgid())\n"
            "attempt(os.setxattr, p, 'user.mine', b'1')\nattempt(os.truncate, p, 0)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "rename_a_folder",
        "Renames the judge's folder away.",
        ("attempt(os.rename, '@FOLDER@/secret', '@FOLDER@/gone')",),
        wins_without_walls=True,
    ),
    Hostile(
        "make_a_device",
        "Makes a device file for the whole disk, and opens those there are.",
        (
            "import stat\nattempt(os.mknod, 'disk', stat.S_IFBLK | 0o600, os.makedev(254, 0))\n"
            "for d in ('/dev/vda', '/dev/sda', '/dev/mem', '/dev/kmsg', '/dev/kvm', '/dev/fuse', '/dev/tty', '/dev/ptmx'):\n    attempt(lambda: os.close(os.open(d, os.O_RDONLY)))",
        ),
    ),
    Hostile(
        "read_proc",
        "Reads environment, memory, descriptors and command lines through /proc.",
        (
            "for p in ('/proc/self/environ', '/proc/@JUDGE@/environ', '/proc/@JUDGE@/cmdline', '/proc/1/cmdline', '/proc/self/mem', '/proc/self/maps', '/proc/net/tcp', '/proc/cmdline'):\n"
            "    attempt(lambda: open(p, 'rb').read(1))\n"
            "attempt(os.listdir, '/proc')\nattempt(os.readlink, '/proc/@JUDGE@/cwd')",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "read_sys",
        "Reads what the machine is through /sys.",
        ("attempt(os.listdir, '/sys')\nattempt(lambda: open('/sys/kernel/notes', 'rb').read(1))",),
        wins_without_walls=True,
    ),
    Hostile(
        "climb_out_of_the_root",
        "Changes root and climbs up, as one leaves a chroot.",
        (
            "fd = os.open('/', os.O_RDONLY)\nattempt(os.chroot, '.')\n"
            "for _ in range(50): os.chdir('..')\n"
            "attempt(lambda: open('@FOLDER@/secret'.lstrip('/')).read())\nattempt(lambda: os.open('../../../@FOLDER@/secret', os.O_RDONLY, dir_fd=fd))",
        ),
    ),
    Hostile(
        "open_by_handle",
        "Opens files by their number on the disk, past all folders.",
        (
            "reach('name_to_handle_at', -100, b'/', b'\\0' * 200, b'\\0' * 8, 0)\nreach('open_by_handle_at', 3, b'\\0' * 200, 0)",
        ),
    ),
    Hostile(
        "shared_memory_files",
        "Makes shared memory that others could open.",
        (
            "from multiprocessing import shared_memory\nattempt(lambda: shared_memory.SharedMemory(create=True, size=10, name='hostile').unlink())\n"
            "attempt(os.listdir, '/dev/shm')",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "fill_the_disk",
        "Writes without end.",
        (
            "written = 0\ntry:\n    for i in range(100):\n        with open(f'big{i}', 'wb') as f:\n"
            "            for _ in range(10):\n                written += f.write(b'x' * (1 << 20))\nexcept OSError as problem:\n    print('no:', problem)\n"
            "if written > 200 << 20: print('WON', written)",
        ),
    ),
    Hostile(
        "one_enormous_file",
        "Makes a file of a terabyte.",
        (
            "attempt(lambda: open('sparse', 'wb').truncate(1 << 40))\nattempt(lambda: os.posix_fallocate(os.open('s', os.O_CREAT | os.O_RDWR), 0, 1 << 40))",
        ),
    ),
    Hostile(
        "a_hundred_thousand_files",
        "Uses up the file system's inodes.",
        (
            "made = 0\ntry:\n    for made in range(100_000):\n        os.close(os.open(f'f{made}', os.O_CREAT | os.O_WRONLY))\nexcept OSError as problem:\n    print('no:', problem)\n"
            "if made > 50_000: print('WON', made)",
        ),
    ),
    Hostile(
        "leave_something_for_the_next",
        "Leaves a file and a changed NumPy for whoever is graded next.",
        (
            "try:\n    open('left', 'w').write('x')\nexcept OSError: pass\nnp.matmul = None\nsys.modules['left'] = np",
        ),
        next_cells=(
            "import os, sys, numpy as np\nif os.path.exists('left') or 'left' in sys.modules or np.matmul is None or os.getcwd() == '/box' and os.listdir('.'):\n    print('WON')",
        ),
    ),
    Hostile(
        "write_a_library_and_load_it",
        "Writes machine code into a file and loads it into the process.",
        (
            "import shutil, glob\nsource = glob.glob(os.path.dirname(np.__file__) + '/linalg/_umath_linalg*.so')[0]\n"
            "attempt(lambda: (shutil.copy(source, 'own.so'), ctypes.CDLL('./own.so'))[1])",
        ),
    ),
]
