import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { loadInventory } from "../../../provider/src/inventory/index.ts";
import type { PoolOptions } from "../../../provider/src/ssh/index.ts";
import { testProgram, TestPool } from "./programs.ts";

/** How a server of a test behaves; each field is one thing that real ones do. */
export interface Behaviour {
  maxSessions?: number;
  /** What the login shell prints before it runs a command. */
  greeting?: string;
  /** Cuts the TCP connection when this many bytes were written by the client to a script, once for each number. */
  dropAfterBytes?: number[];
  /** Cuts the TCP connection instead of answering the exec request, this many times. */
  dropBeforeExec?: number;
  /** Cuts this many TCP connections as soon as they come. */
  dropConnections?: number;
  refuseExec?: boolean;
  refuseForward?: boolean;
  /** A folder that comes first on the PATH of the login shell. */
  path?: string;
  /** A folder that is all of that PATH. */
  wholePath?: string;
  authorized?: string;
}

/** A new key pair; ssh2 makes one now and then that it cannot read itself. */
export function newKey(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
export const clientKey = newKey();

/** An SSH server in this process, that runs what it is told with the local sh as a login shell would. */
export class TestServer {
  readonly behaviour: Behaviour;
  readonly hostKey: { private: string; public: string };
  readonly commands: string[] = [];
  readonly children = new Set<ChildProcess>();
  connections = 0;
  mostSessions = 0;
  private readonly server: ssh2.Server;
  /** What ssh2's server listens with. */
  private readonly listener: Server;
  private readonly sockets = new Set<Socket>();

  constructor(behaviour: Behaviour = {}, hostKey = newKey()) {
    this.behaviour = behaviour;
    this.hostKey = hostKey;
    this.server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
      this.serve(client);
    });
    this.listener = (this.server as unknown as { _srv: Server })._srv;
    const inject = (socket: Socket): void => {
      this.connections += 1;
      this.sockets.add(socket.once("close", () => this.sockets.delete(socket)));
      socket.on("error", () => undefined);
      if ((behaviour.dropConnections ?? 0) > 0) {
        behaviour.dropConnections = (behaviour.dropConnections ?? 0) - 1;
        socket.destroy();
      }
    };
    this.listener.prependListener("connection", inject);
  }

  async listen(port = 0): Promise<this> {
    this.server.listen(port, "127.0.0.1");
    await once(this.listener, "listening");
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cut every TCP connection. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    this.drop();
    for (const { pid } of this.children) killGroup(pid, "SIGKILL");
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }

  private serve(client: Connection): void {
    const authorized = ssh2.utils.parseKey(this.behaviour.authorized ?? clientKey.public);
    if (authorized instanceof Error) throw authorized;
    let sessions = 0;
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      if (context.method !== "publickey" || !context.key.data.equals(authorized.getPublicSSH()))
        context.reject(["publickey"]);
      else context.accept();
    });
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (this.behaviour.refuseForward === true) reject();
      else {
        const target = connect(destPort, destIP);
        target.once("error", reject).once("connect", () => {
          target.off("error", reject).on("error", () => undefined);
          const channel = accept();
          channel.on("error", () => undefined);
          channel.pipe(target).pipe(channel);
          channel.on("close", () => target.destroy());
        });
      }
    });
    client.on("session", (accept, reject) => {
      if (sessions >= (this.behaviour.maxSessions ?? 10)) {
        reject();
        return;
      }
      sessions += 1;
      this.mostSessions = Math.max(this.mostSessions, sessions);
      const session = accept();
      session.on("exec", (acceptExec, rejectExec, { command }) => {
        this.commands.push(command);
        if ((this.behaviour.dropBeforeExec ?? 0) > 0) {
          this.behaviour.dropBeforeExec = (this.behaviour.dropBeforeExec ?? 0) - 1;
          this.drop();
          return;
        }
        if (this.behaviour.refuseExec === true) {
          rejectExec();
          return;
        }
        const channel = acceptExec();
        channel.once("close", () => (sessions -= 1));
        const child = this.execute(command, channel);
        session.on("signal", (_accept, _reject, { name }) => {
          killGroup(child.pid, `SIG${name}` as NodeJS.Signals);
        });
      });
    });
  }

  private execute(command: string, channel: ServerChannel): ChildProcess {
    const greet = `printf %s "$GREETING"; printf %s "$GREETING" >&2; unset GREETING; ${command}`;
    const path =
      this.behaviour.wholePath ?? [this.behaviour.path, process.env["PATH"]].filter(Boolean).join(":");
    const child = spawn("sh", ["-c", greet], {
      detached: true,
      env: { PATH: path, HOME: tmpdir(), LANG: "de_DE.UTF-8", GREETING: this.behaviour.greeting ?? "" },
    });
    this.children.add(child);
    const limit = this.behaviour.dropAfterBytes?.shift();
    let received = 0;
    child.stdin.on("error", () => undefined);
    channel
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (limit !== undefined && received >= limit) this.drop();
      });
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr as NodeJS.WritableStream, { end: false });
    child.once("exit", (code, signal) => {
      this.children.delete(child);
      if (code === null) channel.exit((signal ?? "KILL").replace("SIG", ""), false, "");
      else channel.exit(code);
    });
    child.once("close", () => {
      channel.end();
    });
    channel.once("close", () => {
      if (child.exitCode === null) killGroup(child.pid, "SIGTERM");
      child.stdin.destroy();
      child.stdout.resume();
    });
    return child;
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** A folder for one test file, its inventory, and what has to be closed after each test. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), "torocloud-test-"));
  private readonly cleanups: (() => Promise<void>)[] = [];

  async server(
    behaviour: Behaviour = {},
    hostKey?: { private: string; public: string },
  ): Promise<TestServer> {
    const server = await new TestServer(behaviour, hostKey).listen();
    this.cleanups.push(async () => server.close());
    return server;
  }

  write(name: string, content: string, mode = 0o600): string {
    const file = join(this.folder, name);
    writeFileSync(file, content, { mode });
    return file;
  }

  /** Put a command of that name into a folder of its own, to stand in for the real one. */
  makeCommand(folder: string, name: string, body: string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  /** Write an inventory: fields of each host, on top of a login as root with the key of these tests. */
  inventory(hosts: Record<string, Record<string, unknown>>): string {
    this.write("key", clientKey.private);
    const defaults = { privateKeyFile: "key" };
    return this.write("inventory.json", JSON.stringify({ defaults, hosts }, undefined, 2));
  }

  /** A pool over that inventory, closed after the test. */
  pool(hosts: Record<string, Record<string, unknown>>, options: PoolOptions = {}): TestPool {
    const file = this.inventory(hosts);
    const pool = new TestPool(() => loadInventory(file), {
      ...{ dialWaitSeconds: 0.02, machines: "any", program: testProgram },
      ...options,
    });
    this.cleanups.unshift(async () => pool.close());
    return pool;
  }

  async cleanUp(): Promise<void> {
    for (const cleanup of this.cleanups.splice(0)) await cleanup();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The inventory's fields that lead to a server. */
export function entryOf(server: TestServer): Record<string, unknown> {
  return { address: "127.0.0.1", port: server.port, hostKey: server.hostKey.public };
}
