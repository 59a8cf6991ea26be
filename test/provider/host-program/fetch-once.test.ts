import { describe, expect, it } from "vitest";
import { fetchFromAny } from "../../../provider/src/artifacts/fetch-once.ts";
import {
  HostUnreachable,
  Interrupted,
  StepFailed,
  type Host,
} from "../../../provider/src/host-program/host.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";

const query = {
  kind: "ceph.client-key",
  spec: { entity: "client.web" },
  what: "reading the key of client.web",
};

/** A host that gives an answer or an error, and counts how often it was asked. */
function node(name: string, answer: Json | Error): Host & { asked: number } {
  return {
    name,
    asked: 0,
    async ask() {
      this.asked += 1;
      await Promise.resolve();
      if (answer instanceof Error) throw answer;
      return { results: [answer] };
    },
  };
}

const down = new HostUnreachable("node1", "cannot be reached: no route to host");
const silent = new StepFailed({
  host: "node2",
  step: 0,
  how: "unknown",
  message: "no answer from the monitors within 20 s",
});

describe("a key that any node of the cluster hands out", () => {
  it("comes from the first, and the others are left alone", async () => {
    const nodes = [node("node1", "key"), node("node2", "other")];
    await expect(fetchFromAny(nodes, query)).resolves.toBe("key");
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 0]);
  });

  it("comes from the next one where one is down or has no quorum", async () => {
    const nodes = [node("node1", down), node("node2", silent), node("node3", "key")];
    await expect(fetchFromAny(nodes, query)).resolves.toBe("key");
  });

  it("is none where a node says that there is none: that is an answer", async () => {
    const nodes = [node("node1", null), node("node2", "key")];
    await expect(fetchFromAny(nodes, query)).resolves.toBeNull();
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 0]);
  });

  it("is missed in one sentence that names all of them", async () => {
    const error: unknown = await fetchFromAny([node("node1", down), node("node2", silent)], query).then(
      () => expect.fail("it should have been rejected"),
      (problem: unknown) => problem,
    );
    const { message } = error as Error;
    expect(message).toContain("reading the key of client.web");
    for (const said of [
      "node1: cannot be reached: no route to host",
      "node2: ",
      "no answer from the monitors",
    ])
      expect(message).toContain(said);
  });

  it("is not looked for elsewhere once somebody asked for the end", async () => {
    const nodes = [node("node1", new Interrupted("node1", "SIGINT")), node("node2", "key")];
    await expect(fetchFromAny(nodes, query)).rejects.toThrow(Interrupted);
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 0]);
  });
});
