import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { directory, file, ownDirectory, sentFile, sha256 } from "../../../provider/src/artifacts/files.ts";
import {
  defineResource,
  type Props,
  type Resource,
} from "../../../provider/src/lifecycle/define-resource.ts";
import { AlreadyExists, PartialFailure } from "../../../provider/src/lifecycle/errors.ts";
import { lifecycleOf, type Lifecycle } from "../../../provider/src/lifecycle/lifecycle.ts";
import { markerRoot } from "../../../provider/src/lifecycle/marker.ts";
import { me, ProgramHost } from "../program-host.ts";

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy

let host: ProgramHost;
let lifecycle: Lifecycle;
let log: string[];
let server: Server;
let port: number;
beforeEach(async () => {
  host = new ProgramHost();
  server = createServer((socket) => socket.end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  port = typeof address === "object" && address ? address.port : 0;
  log = [];
  lifecycle = lifecycleOf(noticeBoard(), {
    hosts: () => () => host,
    hostNames: () => [host.name],
    log: (line) => log.push(line),
  });
});
afterEach(() => {
  host.remove();
  server.close();
});

/** A resource of nothing but files: all that a lifecycle asks for is in it, and the real program does it. */
function noticeBoard(): Resource {
  const { owner } = me;
  return defineResource({
    type: "torocloud:test:NoticeBoard",
    summary: "A notice board.",
    kind: "notice-board",
    inputs: z.object({
      host: z.string(),
      name: z.string(),
      text: z.string().default("hello"),
      picture: z.string().default("a picture\n\0 of bytes"),
      extra: z.boolean().default(false),
    }),
    derived: z.object({}),
    outputs: z.object({}),
    derive: {},
    onChange: { host: "replace", name: "replace", text: "live", picture: "live", extra: "live" },
    replaceOrder: "delete-then-create",
    name: ({ name }) => name,
    artifacts: ({ name, text, picture, extra }) => {
      const place = `/srv/boards/${name}`;
      const digest = sha256(picture);
      return [
        directory("/srv/boards", { owner }),
        ownDirectory(place, { owner }),
        file(`${place}/text`, text, { owner }),
        ...(extra ? [file(`${place}/extra`, "extra", { owner })] : []),
        sentFile(`${place}/picture`, { digest, owner, payload: () => Readable.from([Buffer.from(picture)]) }),
        ownDirectory(`${place}-data`, { owner, data: `${place}-data` }),
      ];
    },
    readyWhen: () => [
      {
        kind: "microvm.forward-answers",
        spec: { address: "127.0.0.1", port, units: [] },
        what: "people to come by",
        seconds: 1,
      },
    ],
    removableWhen: ({ name }) => [
      {
        kind: "microvm.image-unused",
        spec: { path: `/srv/boards/${name}` },
        what: "nobody to look at it",
        seconds: 0,
      },
    ],
  });
}

function inputs(changes: Props = {}): Props {
  const { problems, inputs: checked } = lifecycle.check({
    inventory: "hosts.yaml",
    owner: "o/p/s",
    host: host.name,
    name: "first",
    ...changes,
  });
  expect(problems).toEqual([]);
  return checked;
}

async function refusal(act: Promise<unknown>): Promise<Error> {
  return act.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error as Error,
  );
}

const marker = (name = "first"): string => host.path(markerRoot, "notice-board", `${name}.json`);
const board = (...parts: readonly string[]): string => host.path("srv", "boards", ...parts);

describe("a life with the real program", () => {
  it("is made, read, changed, found to be changed, put right, and gone without a trace", async () => {
    const awkward = `it's "50 %" of $HOME \\ \`id\`\n\n`;
    const { id, state } = await lifecycle.create(inputs({ text: awkward, onDelete: "destroyData" }));
    expect(id).toBe("sandbox/notice-board/first");
    expect(state).toMatchObject({ drift: [] });
    expect(readFileSync(board("first/text"), "utf8")).toBe(awkward);
    expect(readFileSync(board("first/picture"), "utf8")).toBe("a picture\n\0 of bytes");
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({
      state: "ready",
      owner: "o/p/s",
      instance: state["instance"],
      inputs: { text: awkward },
    });
    expect(await lifecycle.read(id, state)).toEqual(state);
    expect(await lifecycle.read(id, { inventory: "hosts.yaml", owner: "o/p/s" })).toEqual(state);

    const news = inputs({ text: "short", extra: true, onDelete: "destroyData" });
    const updated = await lifecycle.update(id, state, news);
    expect(updated).toMatchObject({ drift: [] });
    expect(existsSync(board("first/extra"))).toBe(true);

    writeFileSync(board("first/text"), "by hand");
    const seen = await lifecycle.read(id, updated);
    expect(seen).toMatchObject({ drift: ["file /srv/boards/first/text has other content"] });
    expect(await lifecycle.update(id, seen ?? {}, news)).toEqual(updated);

    const back = await lifecycle.update(id, updated, inputs({ text: "short", onDelete: "destroyData" }));
    expect(existsSync(board("first/extra"))).toBe(false);

    await lifecycle.delete(id, back);
    await lifecycle.delete(id, back);
    expect(readdirSync(host.path("srv"))).toEqual([]);
    expect(existsSync(host.path(markerRoot))).toBe(false);
    expect(readdirSync(host.path("run", "lock"))).toEqual([]);
  });

  it("leaves data and a marker that says so, and goes on from them", async () => {
    const { id, state } = await lifecycle.create(inputs());
    writeFileSync(board("first-data/precious"), "precious");
    await lifecycle.delete(id, state);
    expect(readdirSync(board())).toEqual(["first-data"]);
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({ state: "kept" });
    expect(log.join()).toContain("its data stays in /srv/boards/first-data");

    await expect(lifecycle.create(inputs({ owner: "o/p/another" }))).rejects.toThrow(AlreadyExists);
    const again = (await lifecycle.create(inputs())).state;
    expect(again).toEqual({ ...state, instance: again["instance"] });
    expect(readFileSync(board("first-data/precious"), "utf8")).toBe("precious");
  });

  it("does not touch what somebody else made", async () => {
    mkdirSync(board("first"), { recursive: true });
    writeFileSync(board("first/text"), "theirs");
    const error = await refusal(lifecycle.create(inputs()));
    expect(error).toBeInstanceOf(AlreadyExists);
    expect(error.message).toContain("/srv/boards/first/text");
    expect(readFileSync(board("first/text"), "utf8")).toBe("theirs");
    expect(existsSync(marker())).toBe(false);
  });

  it("stops where it does not come to serve, and makes nothing again when it goes on", async () => {
    server.close();
    const error = await refusal(lifecycle.create(inputs()));
    expect(error.message).toBe(
      "sandbox: notice-board first: gave up after 1 s of waiting for people to come by; last seen: Connection refused",
    );
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({ state: "pending", due: [] });
    if (!(error instanceof PartialFailure)) throw error;
    const { id, properties } = error;
    expect(await lifecycle.read(id, properties)).toMatchObject({
      drift: ["an earlier change was interrupted"],
    });
    host.requests.length = 0;
    await expect(lifecycle.update(id, properties, inputs())).rejects.toThrow(PartialFailure);
    expect(host.requests.flatMap(({ steps }) => steps).filter((step) => step.do === "apply")).toEqual([]);
  });

  it("is not removed while it refuses to be", async () => {
    const { id, state } = await lifecycle.create(inputs({ onDelete: "destroyData" }));
    mkdirSync(host.path(markerRoot, "guest"));
    writeFileSync(
      host.path(markerRoot, "guest", "web.json"),
      JSON.stringify({ owner: "o/p/s", inputs: { kernel: "/srv/boards/first/picture" } }),
    );
    await expect(lifecycle.delete(id, state)).rejects.toThrow(
      "sandbox: notice-board first: still needed by guest/web of o/p/s",
    );
    expect(await lifecycle.read(id, state)).toEqual(state);
  });

  it("does not mind others of its kind that come and go at the same moment", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const live = async (name: string): Promise<void> => {
      const desired = inputs({ name, onDelete: "destroyData" });
      const { id, state } = await lifecycle.create(desired);
      await lifecycle.delete(id, state);
    };
    await Promise.all(names.map(live));
    expect(existsSync(dirname(marker()))).toBe(false);
  });

  it("says which marker it cannot read, and on which host", async () => {
    mkdirSync(dirname(marker()), { recursive: true });
    writeFileSync(marker(), "not JSON");
    const { message } = await refusal(lifecycle.create(inputs()));
    expect(message).toContain("sandbox");
    expect(message).toContain("notice-board");
  });

  it("takes a marker that a full disk left empty for none, and what is there for its own", async () => {
    const { id, state } = await lifecycle.create(inputs());
    writeFileSync(marker(), "");
    const seen = await lifecycle.read(id, state);
    expect(seen).toMatchObject({ drift: ["its ownership marker is missing"] });
    expect(await lifecycle.update(id, seen ?? {}, inputs())).toEqual(state);
  });
});
