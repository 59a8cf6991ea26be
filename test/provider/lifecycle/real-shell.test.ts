import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Artifact } from "../../../provider/src/host/artifact.ts";
import { directory, file, ownDirectory, sha256 } from "../../../provider/src/host/files.ts";
import { sh } from "../../../provider/src/host/script.ts";
import {
  defineResource,
  type Props,
  type Resource,
} from "../../../provider/src/lifecycle/define-resource.ts";
import { AlreadyExists, HalfMade } from "../../../provider/src/lifecycle/errors.ts";
import { lifecycleOf, type Lifecycle } from "../../../provider/src/lifecycle/lifecycle.ts";
import { markerRoot } from "../../../provider/src/lifecycle/marker.ts";
import { me, ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
let lifecycle: Lifecycle;
let log: string[];
beforeEach(() => {
  host = new ShellHost([markerRoot]);
  // Whoever runs the tests cannot give files to root.
  host.stub("chown", '[ "$1" = root:root ] || exec /bin/chown "$@"');
  log = [];
  lifecycle = lifecycleOf(noticeBoard(), {
    hosts: () => () => host,
    hostNames: () => [host.name],
    log: (line) => log.push(line),
  });
});
afterEach(() => {
  host.remove();
});

/** A resource of nothing but files: all that a lifecycle's script has in it, and a real shell runs it. */
function noticeBoard(): Resource {
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
    outputs: z.object({ length: z.coerce.number() }),
    derive: {},
    onChange: { host: "replace", name: "replace", text: "live", picture: "live", extra: "live" },
    replaceOrder: "delete-then-create",
    name: ({ name }) => name,
    artifacts: ({ name, text, picture, extra }) => {
      const place = host.path("boards", name);
      const { owner } = me;
      return [
        directory(host.path("boards"), { owner }),
        ownDirectory(place, { owner }),
        file(`${place}/text`, text, { owner }),
        ...(extra ? [file(`${place}/extra`, "extra", { owner })] : []),
        sent(`${place}/picture`, picture),
        { ...ownDirectory(`${place}-data`, { owner }), data: `${place}-data` },
      ];
    },
    settle: ({ name }) =>
      sh`say settling; echo for people; cat; [ ! -e ${host.path("broken")} ] || { echo ${`${name} is broken`} >&2; exit 3; }`,
    report: ({ name }) => sh`echo "length=$(wc -c <${host.path("boards", name, "text")})"`,
    beforeRemove: () => sh`[ ! -e ${host.path("locked")} ] || { echo 'it is locked' >&2; exit 1; }`,
  });
}

function sent(path: string, content: string): Artifact {
  return {
    what: `sent ${path}`,
    probe: sh`[ -f ${path} ] && sha256sum <${path} | cut -c1-64`,
    expected: sha256(content),
    apply: sh`cat >${path}`,
    remove: sh`rm -f ${path}`,
    payload: () => Readable.from([Buffer.from(content)]),
  };
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

describe("a life in a real shell", () => {
  it("is made, read, changed, found to be changed, put right, and gone without a trace", async () => {
    const awkward = `it's "50 %" of $HOME \\ \`id\`\n\n`;
    const { id, state } = await lifecycle.create(inputs({ text: awkward, onDelete: "destroyData" }));
    expect(id).toBe("sandbox/notice-board/first");
    expect(state).toMatchObject({ drift: [], length: awkward.length });
    expect(readFileSync(host.path("boards/first/text"), "utf8")).toBe(awkward);
    expect(readFileSync(host.path("boards/first/picture"), "utf8")).toBe("a picture\n\0 of bytes");
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({
      state: "ready",
      owner: "o/p/s",
      inputs: { text: awkward },
    });
    expect(log).toEqual([]); // this host passes no progress on
    expect(await lifecycle.read(id, state)).toEqual(state);
    expect(await lifecycle.read(id, { inventory: "hosts.yaml", owner: "o/p/s" })).toEqual(state);

    const news = inputs({ text: "short", extra: true, onDelete: "destroyData" });
    const updated = await lifecycle.update(id, state, news);
    expect(updated).toMatchObject({ length: 5, drift: [] });
    expect(existsSync(host.path("boards/first/extra"))).toBe(true);

    writeFileSync(host.path("boards/first/text"), "by hand");
    const seen = await lifecycle.read(id, updated);
    expect(seen).toMatchObject({
      drift: [`file ${host.path("boards/first/text")} has other content`],
      length: 7,
    });
    expect(await lifecycle.update(id, seen ?? {}, news)).toEqual(updated);

    const back = await lifecycle.update(id, updated, inputs({ text: "short", onDelete: "destroyData" }));
    expect(existsSync(host.path("boards/first/extra"))).toBe(false);

    await lifecycle.delete(id, back);
    await lifecycle.delete(id, back);
    expect(readdirSync(host.folder).sort()).toEqual(["etc", "stubs"]);
    expect(existsSync(host.path(markerRoot))).toBe(false);
  });

  it("leaves data and a marker that says so, and goes on from them", async () => {
    const { id, state } = await lifecycle.create(inputs());
    writeFileSync(host.path("boards/first-data/precious"), "precious");
    await lifecycle.delete(id, state);
    expect(readdirSync(host.path("boards"))).toEqual(["first-data"]);
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({ state: "kept" });
    expect(log.join()).toContain(`its data stays in ${host.path("boards/first-data")}`);

    await expect(lifecycle.create(inputs({ owner: "o/p/another" }))).rejects.toThrow(AlreadyExists);
    expect((await lifecycle.create(inputs())).state).toEqual(state);
    expect(readFileSync(host.path("boards/first-data/precious"), "utf8")).toBe("precious");
  });

  it("does not touch what somebody else made", async () => {
    mkdirSync(host.path("boards/first"), { recursive: true });
    writeFileSync(host.path("boards/first/text"), "theirs");
    const error = await refusal(lifecycle.create(inputs()));
    expect(error).toBeInstanceOf(AlreadyExists);
    expect(error.message).toContain(host.path("boards/first/text"));
    expect(readFileSync(host.path("boards/first/text"), "utf8")).toBe("theirs");
    expect(existsSync(marker())).toBe(false);
  });

  it("stops half-made where it does not come to serve, and goes on later", async () => {
    writeFileSync(host.path("broken"), "");
    const error = await lifecycle.create(inputs()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(HalfMade);
    expect((error as HalfMade).message).toBe(
      "sandbox: notice-board first failed with exit code 3:\nfor people\nfirst is broken\nwhile waiting until notice-board first serves",
    );
    expect(JSON.parse(readFileSync(marker(), "utf8"))).toMatchObject({ state: "pending" });
    const { id, properties } = error as HalfMade;
    expect(await lifecycle.read(id, properties)).toMatchObject({
      drift: ["an earlier change was interrupted"],
    });
    await expect(lifecycle.update(id, properties, inputs())).rejects.toThrow(HalfMade);
  });

  it("is not removed while it refuses to be", async () => {
    const { id, state } = await lifecycle.create(inputs({ onDelete: "destroyData" }));
    writeFileSync(host.path("locked"), "");
    await expect(lifecycle.delete(id, state)).rejects.toThrow(
      /it is locked\nwhile asking whether notice-board first may go/,
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
});
