import { describe, expect, it } from "vitest";
import { clientKey } from "../../provider/src/ceph/client-access.ts";
import { capsOf, type Caps } from "../../provider/src/ceph/key.ts";
import { AbsolutePath } from "../../provider/src/validation/schemas.ts";
import { hostileValues, isSound } from "./hostile.ts";

const values = hostileValues();

/** Paths of characters that mean something to somebody on their way. */
const letters = Array.from("/aB0._@+- \"',;*$");
const paths = values.map(
  (value) =>
    `/${Array.from(value)
      .map((one) => letters[(one.codePointAt(0) ?? 0) % letters.length] ?? "")
      .join("")}`,
);

describe("a path in a client's capabilities", () => {
  it("is refused, or one that Ceph's grammar takes (src/mds/MDSAuthCaps.cc)", () => {
    const usable = paths.filter((path) => AbsolutePath.safeParse(path).success);
    expect(usable.filter((path) => /[@+]/.test(path)).length).toBeGreaterThan(20);
    for (const path of usable) {
      const { spec } = clientKey({ entity: "client.x", fileSystem: "cloud", path, access: "rw" });
      const [, quoted, bare] =
        /^mds: allow rwp fsname=cloud path=(?:"([^"]*)"|([A-Za-z0-9_./-]+)); mon: /.exec(
          capsOf(spec["caps"] as Caps),
        ) ?? [];
      expect(quoted ?? bare).toBe(path);
    }
  });

  it("is checked for sound text first", () => {
    expect(values.filter((path) => AbsolutePath.safeParse(path).success && !isSound(path))).toEqual([]);
  });
});
