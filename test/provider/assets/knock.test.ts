import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

const program = fileURLToPath(new URL("../../../provider/assets/knock.py", import.meta.url));

let folder: string;
let path: string;
const servers: Server[] = [];
const sockets: Socket[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torocloud-knock-"));
  path = join(folder, "dial.sock");
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Answers the handshake, then the first request line with `response`. Gives back what it heard. */
async function guest(greeting: string, response = ""): Promise<{ heard: () => string }> {
  let heard = "";
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    let greeted = false;
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      heard += chunk;
      if (!greeted && heard.includes("\n")) {
        greeted = true;
        socket.write(greeting);
      }
      if (heard.includes("\r\n\r\n")) socket.end(response);
    });
  });
  servers.push(server);
  server.listen(path);
  await once(server, "listening");
  return { heard: () => heard };
}

async function knock(...words: readonly string[]): Promise<{ code: number; said: string }> {
  const child = spawn("/usr/bin/python3", [program, "unix", path, "80", ...words]);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number]>]);
  return { code, said: said.trim() };
}

describe("knock.py", () => {
  it("takes an accepted connection for an answer when there is no path", async () => {
    const { heard } = await guest("OK 1024\n");
    expect(await knock()).toEqual({ code: 0, said: "" });
    expect(heard()).toBe("CONNECT 80\n");
  });

  it.each(["200 OK", "302 Found", "404 Not Found"])("takes %s for an answer", async (status) => {
    const { heard } = await guest("OK 1024\n", `HTTP/1.0 ${status}\r\n\r\n`);
    expect(await knock("/health?x=1")).toEqual({ code: 0, said: "" });
    expect(heard()).toBe("CONNECT 80\nGET /health?x=1 HTTP/1.0\r\nHost: localhost\r\n\r\n");
  });

  it.each(["HTTP/1.0 503 Service Unavailable\r\n\r\n", "nonsense\r\n", "HTTP/1.0\r\n", "HTTP/1.0 what\r\n"])(
    "does not take %j for one, and says so in one line",
    async (response) => {
      await guest("OK 1024\n", response);
      const { code, said } = await knock("/");
      expect(code).toBe(1);
      expect(said).toMatch(/^port 80: .+$/);
    },
  );

  it("says what an answer was that is none", async () => {
    await guest("OK 1024\n", "HTTP/1.0 503 Service Unavailable\r\n\r\n");
    expect((await knock("/")).said).toBe("port 80: GET / was answered by: HTTP/1.0 503 Service Unavailable");
  });

  it("says that nobody listens yet when the device refuses", async () => {
    await guest("ERR\n");
    expect(await knock()).toEqual({ code: 1, said: "port 80: nobody listens on the guest's port 80 yet" });
  });

  it("says so when there is no device at all", async () => {
    expect(await knock()).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^port 80: .*No such file/) as string,
    });
  });
});
