import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Permits } from "../../../provider/src/ssh/session/permits.ts";
import { LastBytes, Lines, MarkedOutput } from "../../../provider/src/ssh/session/output.ts";

const chunks = fc.array(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)));
const cut = (whole: Buffer, at: readonly number[]): Buffer[] => {
  const places = [
    0,
    ...at.map((place) => place % (whole.length + 1)).sort((one, two) => one - two),
    whole.length,
  ];
  return places.slice(1).map((end, index) => whole.subarray(places[index], end));
};

describe("MarkedOutput", () => {
  it("passes on what follows the mark, however it is cut", () => {
    fc.assert(
      fc.property(chunks, chunks, fc.array(fc.nat(), { maxLength: 5 }), (before, after, at) => {
        const output = new MarkedOutput("the-mark");
        const whole = Buffer.concat([...before, Buffer.from("the-mark\n"), ...after]);
        const passed = Buffer.concat(cut(whole, at).map((chunk) => output.push(chunk)));
        expect(passed).toEqual(Buffer.concat(after));
        expect(output.started).toBe(true);
      }),
    );
  });
});

describe("Lines", () => {
  it("gives whole lines, however their bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.array(fc.nat(), { maxLength: 5 }),
        (texts, at) => {
          const expected = texts.map((text) => text.replaceAll(/[\r\n]/g, ""));
          const found: string[] = [];
          const lines = new Lines((line) => found.push(line));
          for (const chunk of cut(Buffer.from(expected.map((text) => `${text}\n`).join("")), at))
            lines.push(chunk);
          expect(found).toEqual(expected);
        },
      ),
    );
  });
});

describe("LastBytes", () => {
  it("keeps all within the limit, and the end above it", () => {
    const last = new LastBytes(20);
    last.push(Buffer.from("one\ntwo\n"));
    expect(last.text()).toBe("one\ntwo\n");
    for (let index = 0; index < 100; index++) last.push(Buffer.from(`line ${index}\n`));
    expect(last.text()).toBe(" 97\nline 98\nline 99\n");
  });
});

describe("Permits", () => {
  it("serve in the order of coming, so many at once", async () => {
    const permits = new Permits(2);
    const order: string[] = [];
    await Promise.all([permits.take(), permits.take()]);
    const first = permits.take().then(() => order.push("first"));
    const second = permits.take().then(() => order.push("second"));
    permits.giveBack();
    await first;
    expect(order).toEqual(["first"]);
    permits.giveBack();
    await second;
    expect(order).toEqual(["first", "second"]);
    permits.giveBack();
    await permits.take();
  });

  it("send everybody away when they are closed", async () => {
    const permits = new Permits(1);
    await permits.take();
    const waiting = permits.take();
    permits.close(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    await expect(permits.take()).rejects.toThrow("over");
  });
});
