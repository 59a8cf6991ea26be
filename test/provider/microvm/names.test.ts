import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contextId,
  dialArguments,
  guestSlice,
  largestContextId,
  vsockDialSocket,
} from "../../../provider/src/microvm/names.ts";
import { ContextId } from "../../../provider/src/validation/schemas.ts";

describe("contextId", () => {
  it("is one that every kind of guest can use, for any stack and guest: 3 to 2^31 - 1", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (owner, guest) => {
        const id = contextId(owner, guest);
        return ContextId.safeParse(id).success && id <= largestContextId;
      }),
    );
  });

  it("never changes for the same stack and guest, wherever it runs", () => {
    expect(contextId("o/p/s", "web-0")).toMatchInlineSnapshot(`1689566678`);
    expect(contextId("o/p/s", "web-0")).not.toBe(contextId("o/p/t", "web-0"));
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
