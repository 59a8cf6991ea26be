import { connect } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { Agent } from "../../keys/agent.ts";
import { allowCertificates } from "../../keys/certificate.ts";
import { readCredentials, type Credentials } from "../../keys/credentials.ts";
import { DialFailed, explainDial } from "./dial-problem.ts";
import { HostKeyCheck } from "../../keys/host-key-check.ts";
import { hostKeyAlgorithms } from "../../keys/host-key.ts";
import { onAbort } from "../connection/cancellation.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import type { Limits } from "../pool-options.ts";

/** One attempt to connect to a host, given up when `signal` is aborted. */
export interface Dial {
  readonly entry: InventoryHost;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

/** A TCP connection to an entry's address; rejects with DialFailed. */
export async function openSocket({ entry, limits, signal }: Dial): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: entry.address, port: entry.port, noDelay: true });
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(explainDial(entry, error));
    };
    const timer = setTimeout(() => {
      fail(Object.assign(new Error("connecting took too long"), { code: "ETIMEDOUT" }));
    }, limits.dialSeconds * 1000);
    const stop = onAbort(signal, () => {
      fail(new Error("given up"));
    });
    socket.once("error", fail).once("connect", () => {
      clearTimeout(timer);
      stop();
      socket.off("error", fail);
      resolve(socket);
    });
    socket.once("close", () => {
      clearTimeout(timer);
      stop();
    });
  });
}

/** An authenticated SSH client over `socket`, to the host that was pinned and no other; rejects with DialFailed. */
export async function authenticate({ entry, limits, signal }: Dial, socket: Duplex): Promise<Client> {
  const credentials = readCredentials(entry, limits.environment);
  if (credentials.tried.length === 0) {
    socket.destroy();
    throw new DialFailed(`there is nothing to log in with: ${credentials.missing.join("; ")}`, {
      again: false,
    });
  }
  const client = new ssh2.Client();
  const hostKey = new HostKeyCheck(entry, limits.log);
  return new Promise((resolve, reject) => {
    let ready = false;
    const fail = (error: unknown): void => {
      if (ready) return;
      stop();
      socket.destroy();
      if (hostKey.problem === undefined) reject(explainDial(entry, error, credentials));
      else reject(new DialFailed(hostKey.problem, { again: false, cause: error }));
    };
    const stop = onAbort(signal, () => {
      fail(new Error("given up"));
    });
    const closed = (): void => {
      fail(
        Object.assign(new Error("the connection was closed during the handshake"), { code: "ECONNRESET" }),
      );
    };
    client.on("error", (error) => {
      if ((error as { level?: string }).level !== "agent") fail(error);
    });
    client.once("close", closed).once("ready", () => {
      ready = true;
      stop();
      client.off("close", closed);
      resolve(client);
    });
    client.connect({
      ...clientConfig(entry, credentials, limits),
      sock: socket,
      hostVerifier: (key: Buffer, verify: (accepted: boolean) => void) => {
        void hostKey.accepts(key).then(verify);
      },
    });
    allowCertificates(client);
  });
}

function clientConfig(entry: InventoryHost, credentials: Credentials, limits: Limits): ConnectConfig {
  const { privateKey, agentSocket } = credentials;
  return {
    username: entry.user,
    readyTimeout: limits.dialSeconds * 1000,
    keepaliveInterval: limits.keepaliveSeconds * 1000,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: hostKeyAlgorithms(entry.hostKeys) },
    authHandler: [
      ...(privateKey === undefined ? [] : (["publickey"] as const)),
      ...(agentSocket === undefined ? [] : (["agent"] as const)),
    ],
    ...(privateKey !== undefined && { privateKey: privateKey.content }),
    ...(privateKey?.passphrase !== undefined && { passphrase: privateKey.passphrase }),
    ...(agentSocket !== undefined && { agent: new Agent(agentSocket) }),
  };
}
