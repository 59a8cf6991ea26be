import { connect } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { readCredentials, type Credentials } from "./credentials.ts";
import { DialFailed, explainDial } from "./dial-problem.ts";
import { fingerprint, hostKeyAlgorithms, hostKeyOf } from "./host-key.ts";
import type { InventoryHost } from "./inventory-host.ts";
import type { Limits } from "./pool-options.ts";

/** A TCP connection to an entry's address; rejects with DialFailed. */
export async function openSocket(entry: InventoryHost, limits: Limits): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: entry.address, port: entry.port, noDelay: true });
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(explainDial(entry, error));
    };
    const timer = setTimeout(() => {
      fail(Object.assign(new Error("connecting took too long"), { code: "ETIMEDOUT" }));
    }, limits.dialSeconds * 1000);
    socket.once("error", fail).once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve(socket);
    });
    socket.once("close", () => {
      clearTimeout(timer);
    });
  });
}

/** An authenticated SSH client over `socket`, to the host that was pinned and no other; rejects with DialFailed. */
export async function authenticate(entry: InventoryHost, socket: Duplex, limits: Limits): Promise<Client> {
  const credentials = readCredentials(entry, limits.environment);
  if (credentials.tried.length === 0) {
    socket.destroy();
    throw new DialFailed(`there is nothing to log in with: ${credentials.missing.join("; ")}`, {
      again: false,
    });
  }
  const client = new ssh2.Client();
  const pin = new PinnedKey(entry);
  return new Promise((resolve, reject) => {
    let ready = false;
    const fail = (error: unknown): void => {
      if (ready) return;
      socket.destroy();
      reject(pin.mismatch ?? explainDial(entry, error, credentials));
    };
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
      client.off("close", closed);
      resolve(client);
    });
    client.connect({
      ...clientConfig(entry, credentials, limits),
      sock: socket,
      hostVerifier: (key: Buffer) => pin.accepts(key),
    });
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
    ...(agentSocket !== undefined && { agent: agentSocket }),
  };
}

class PinnedKey {
  private readonly entry: InventoryHost;
  mismatch: DialFailed | undefined;

  constructor(entry: InventoryHost) {
    this.entry = entry;
  }

  accepts(blob: Buffer): boolean {
    const { hostKeys, hostKeyFile } = this.entry;
    const shown = hostKeyOf(blob);
    if (hostKeys.some(({ type, body }) => type === shown.type && body === shown.body)) return true;
    const pinned = hostKeys.map(fingerprint).join(" or ");
    this.mismatch = new DialFailed(
      `the host key is ${fingerprint(shown)}, the inventory pins ${pinned}; ` +
        `if the host was reinstalled put its new key into ${hostKeyFile}, otherwise somebody is in between`,
      { again: false },
    );
    return false;
  }
}
