import { createRequire } from "node:module";

/** What of a gRPC server finds the method that a call is for. */
interface Dispatch {
  _retrieveHandler?: (path: string) => unknown;
}

const cancelCall = "/pulumirpc.ResourceProvider/Cancel";

/**
 * Calls `act` when the engine asks its providers to stop, because somebody pressed Ctrl-C. Pulumi's host of dynamic
 * providers answers that call itself and tells nobody, so we listen at the server that it made before it loaded us. Where
 * that server is of another make than we know, nothing is heard, and whatever runs is waited for.
 */
export function onCancel(act: () => void): void {
  const server = serverOfThisProcess();
  const retrieve = server?._retrieveHandler;
  if (!server || !retrieve) return;
  server._retrieveHandler = function (this: Dispatch, path) {
    if (path === cancelCall) act();
    return retrieve.call(this, path);
  };
}

function serverOfThisProcess(): Dispatch | undefined {
  const program = process.argv[1];
  if (program === undefined) return undefined;
  try {
    const grpc = createRequire(program)("@grpc/grpc-js") as { Server: { prototype: Dispatch } };
    return grpc.Server.prototype;
  } catch {
    return undefined;
  }
}
