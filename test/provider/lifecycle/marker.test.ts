import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script } from "../../../provider/src/host/script.ts";
import { parseMarker, readMarker } from "../../../provider/src/lifecycle/marker.ts";
import { ShellHost } from "../shell-host.ts";

describe("an ownership marker", () => {
  let host: ShellHost;
  beforeEach(() => {
    host = new ShellHost();
  });
  afterEach(() => {
    host.remove();
  });
  const whole = { version: 1, type: "t", owner: "o", state: "ready", inputs: {} };
  const read = async (content?: string): Promise<string> => {
    const path = host.path("marker.json");
    if (content !== undefined) writeFileSync(path, content);
    return (await host.run(Script.join([prelude, readMarker(path)]))).stdout;
  };

  it("is the first line of its file, and nothing where there is none", async () => {
    expect(parseMarker(await read(), "here")).toBeUndefined();
    expect(parseMarker(await read(`${JSON.stringify(whole)}\nmore\n`), "here")).toEqual(whole);
  });

  it.each(["", "null", "7", '"text"', "{}", '{"type":"t","owner":"o"}', "{", JSON.stringify(whole)])(
    "is not what somebody else wrote in its place: %j",
    async (content) => {
      const line = await read(content === JSON.stringify(whole) ? content : `${content}\n`);
      if (content === "") expect(parseMarker(line, "here")).toBeUndefined();
      else
        expect(() => parseMarker(line, "node1: /etc/x.json")).toThrow(
          /^node1: \/etc\/x\.json is no ownership marker/,
        );
    },
  );
});
