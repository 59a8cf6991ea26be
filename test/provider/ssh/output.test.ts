import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChannelSlots } from "../../../provider/src/transport/channel-slots.ts";
import { LastBytes, Lines, MarkedOutput } from "../../../provider/src/transport/output.ts";

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
          lines.end();
          expect(found).toEqual(expected);
        },
      ),
    );
  });
});

describe("LastBytes", () => {
  it("keeps all within the limit, and whole lines from the end above it", () => {
    const last = new LastBytes(20);
    last.push(Buffer.from("one\ntwo\n"));
    expect(last.text()).toBe("one\ntwo\n");
    for (let index = 0; index < 100; index++) last.push(Buffer.from(`line ${index}\n`));
    expect(last.text()).toBe("line 98\nline 99\n");
  });
});

describe("ChannelSlots", () => {
  it("serves in the order of coming, but who was refused goes first", async () => {
    const slots = new ChannelSlots(2);
    const order: string[] = [];
    await Promise.all([slots.take(), slots.take()]);
    const first = slots.take().then(() => order.push("first"));
    const second = slots.take().then(() => order.push("second"));
    expect(slots.lower()).toBe(true);
    const again = slots.take(true).then(() => order.push("again"));
    slots.free();
    await again;
    slots.free();
    await first;
    slots.free();
    await second;
    expect(order).toEqual(["again", "first", "second"]);
  });

  it("sends everybody away when it closes", async () => {
    const slots = new ChannelSlots(1);
    await slots.take();
    const waiting = slots.take();
    slots.close(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    await expect(slots.take()).rejects.toThrow("over");
  });
});
