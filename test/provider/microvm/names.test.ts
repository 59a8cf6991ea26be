import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contextId,
  dialArguments,
  guestSlice,
  vsockDialSocket,
} from "../../../../provider/src/domain/microvm/names.ts";
import { ContextId } from "../../../../provider/src/resources/schemas.ts";

describe("contextId", () => {
  it("is in the range of vsock(7) for any host and guest", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        (host, guest) => ContextId.safeParse(contextId(host, guest)).success,
      ),
    );
  });

  it("never changes for the same host and guest", () => {
    expect(contextId("node1", "web-0")).toMatchInlineSnapshot(`3039746899`);
    expect(contextId("node1", "web-0")).not.toBe(contextId("node2", "web-0"));
    expect(contextId("a", "bc")).not.toBe(contextId("ab", "c"));
  });
});

it("a guest's slice is one level deep, whatever its name", () => {
  expect(guestSlice("web-0-a")).toBe(String.raw`torocloud-web\x2d0\x2da.slice`);
});

it("a guest is dialled by its context identifier, or at its device's socket", () => {
  expect(dialArguments({ name: "web", vsock: "kernel", contextId: 42 })).toEqual(["vsock", "42"]);
  expect(dialArguments({ name: "web", vsock: "user", contextId: 42 })).toEqual([
    "unix",
    vsockDialSocket("web"),
  ]);
});
