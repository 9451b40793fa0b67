"""rpc_client - a client of the control pipe that shares no code with the product: python3-msgpack, by the public specification of MessagePack-RPC."""
import socket

import msgpack


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error.get("message"))
        self.code, self.exit, self.message = error.get("code"), error.get("exit"), error.get("message")


class Client:
    def __init__(self, path, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)  # before the timeout, which would turn a full queue into an error
        self.socket.settimeout(timeout)
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=True, max_buffer_size=16 << 20)
        self.last_id = 0
        self.events = []

    def send(self, octets):
        self.socket.sendall(octets)

    def request(self, method, *params):
        self.last_id += 1
        self.send(msgpack.packb([0, self.last_id, method, list(params)]))
        return self.last_id

    def message(self):
        """The next message; None when the daemon closed the connection."""
        while True:
            for message in self.unpacker:
                return message
            try:
                octets = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not octets:
                return None
            self.unpacker.feed(octets)

    def answer(self, id):
        while True:
            message = self.message()
            if message is None:
                raise EOFError("the daemon closed the connection")
            if message[0] == 2:
                self.events.append(message)
            elif message[1] == id:
                if message[2] is not None:
                    raise RpcError(message[2])
                return message[3]

    def call(self, method, **params):
        return self.answer(self.request(method, params) if params else self.request(method))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
