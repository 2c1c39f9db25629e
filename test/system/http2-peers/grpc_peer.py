# "server": a gRPC server with its library's own limits for pings. "client ADDRESS": a call that goes on. Prints what happens.
import sys
import threading
from concurrent import futures

import grpc

identity = lambda data: data


def serve():
    def wait(request, context):
        yield b"first"
        threading.Event().wait()

    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_stream_rpc_method_handler(wait, identity, identity)

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), handlers=[Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print("listening", port, flush=True)
    sys.stdin.read()


def call(address):
    channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
    stream = channel.unary_stream("/test/Wait", identity, identity)(b"")
    try:
        for answer in stream:
            print("answer", len(answer), flush=True)
        print("end", flush=True)
    except grpc.RpcError as error:
        print("error", error.code().name, flush=True)


serve() if sys.argv[1] == "server" else call(sys.argv[2])
