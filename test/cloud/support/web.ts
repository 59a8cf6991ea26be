import { connect } from "node:net";
import { vi } from "vitest";

/** The text of a page; throws when there is none, or not at once. */
export async function fetchPage(url: string): Promise<string> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(5000),
    headers: { connection: "close" },
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

/** Waits until a page holds a text. */
export async function waitForPage(url: string, text: string, withinSeconds = 30): Promise<void> {
  await vi.waitFor(
    async () => {
      const page = await fetchPage(url);
      if (!page.includes(text)) throw new Error(`${url} does not say "${text}" but: ${page}`);
    },
    { timeout: withinSeconds * 1000, interval: 250 },
  );
}

/** How a host answers a connection to one of its ports. */
export async function knock(address: string, port: number): Promise<"open" | "refused"> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: 5000 });
    socket.once("connect", () => {
      socket.destroy();
      resolve("open");
    });
    socket.once("timeout", () => {
      socket.destroy(new Error(`${address} port ${port} says nothing`));
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve("refused");
      else reject(error);
    });
  });
}
