import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Artifact } from "../../provider/src/artifacts/artifact.ts";
import type { Host } from "../../provider/src/host-program/host.ts";
import type { Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf, type Lifecycle } from "../../provider/src/lifecycle/lifecycle.ts";
import { registry } from "../../provider/src/registry.ts";
import { commonInputs } from "../../provider/src/validation/common-inputs.ts";
import { examples, removeFixtures, type Example } from "../provider/examples.ts";
import { fieldsOf, withValue, type InputField } from "../provider/input-fields.ts";
import { Cage, hostile, hostileValues, replay } from "./hostile.ts";
import { hasSystemd, readUnit } from "./systemd-reader.ts";

let cage: Cage;
beforeEach(() => {
  cage = new Cage();
});
afterEach(() => {
  cage.remove();
});
afterAll(removeFixtures);

/** For each field, twice: of hostile values, and of such that look like the good one. */
const perField = 300;
const wild = hostileValues(hostile, perField);

/** Values that look like the good one, and what the strictest fields let through. */
function nearly(good: string): string[] {
  const cut = fc.tuple(
    fc.nat({ max: good.length }),
    fc.oneof(hostile, fc.constantFrom(...Array.from("aZ0-_.@+:/\\ ,="))),
  );
  const spliced = cut.map(([at, text]) => good.slice(0, at) + text + good.slice(at));
  const plain = fc.string({
    unit: fc.constantFrom(...Array.from("abz09-_.@+:/\\")),
    minLength: 1,
    maxLength: 30,
  });
  return hostileValues(
    fc.oneof(
      spliced,
      plain,
      plain.map((text) => `/${text}`),
    ),
    perField,
  );
}

interface Subject {
  readonly resource: Resource;
  readonly example: Example;
  readonly lifecycle: Lifecycle;
  readonly inputs: Props;
}

const subjects = [...registry.values()].map((resource): Subject => {
  const example: Example = examples[resource.type as keyof typeof examples];
  const surroundings = {
    hosts: () => () => undefined as unknown as Host,
    hostNames: () => ["node1", "node2", "node3"],
    log: () => {},
  };
  return { resource, example, lifecycle: lifecycleOf(resource, surroundings), inputs: example.inputs };
});

function textFields({ inputs }: Resource): InputField[] {
  return fieldsOf(inputs).filter(({ kind }) => kind !== "other");
}

function given({ inputs }: Subject, { path, kind }: InputField, value: string): Props {
  return (
    kind === "name" ? withValue(inputs, path.slice(0, -1), { [value]: "1" }) : withValue(inputs, path, value)
  ) as Props;
}

/** All that it is made of. */
async function partsOf({ resource, example }: Subject, desired: Props): Promise<readonly Artifact[]> {
  const host = (name: string): Host => ({
    name,
    ask: async ({ steps }) => ({
      results: steps.map(
        (step) => example.replies?.find(({ query }) => "kind" in step && step.kind === query)?.result ?? null,
      ),
    }),
  });
  return resource.artifacts(desired, await resource.fetchSecrets?.(host, desired));
}

const reread = new Map<Resource, { value: string; path: string; parts: readonly Artifact[] }[]>();

describe.each(subjects.map((subject) => [subject.resource.type, subject] as const))("%s", (_, subject) => {
  it("refuses a value and names its field, or is made of the same kinds of things with it", async () => {
    const { resource, lifecycle, inputs } = subject;
    const accepted: { value: string; path: string; parts: readonly Artifact[] }[] = [];
    reread.set(resource, accepted);
    const usual = new Map<string, readonly string[]>();
    for (const field of textFields(resource)) {
      const path = field.path.join(".");
      const good = field.path.reduce<unknown>(
        (inner, step) =>
          step === "*" ? Object.values(inner ?? {})[0] : (inner as Props | undefined)?.[step],
        inputs,
      );
      const values = [...wild, ...nearly(typeof good === "string" ? good : "/srv/x")];
      for (const value of new Set(values)) {
        const raw = given(subject, field, value);
        const { problems, inputs: desired } = lifecycle.check(raw);
        if (problems.length > 0) {
          // What is right by itself may be at odds with another field, which is then named.
          const alone = resource.inputs.extend(commonInputs.shape).safeParse(raw).success;
          const unnamed = problems.filter(
            ({ property }) => !alone && property.split(".")[0] !== field.path[0],
          );
          const unclear = problems.filter(
            ({ reason }) => !reason.includes("expected") || /[\n\r]/.test(reason),
          );
          if (unnamed.length + unclear.length > 0)
            expect.fail(`${JSON.stringify(problems)} for ${path} ${JSON.stringify(value)} ${replay}`);
        } else if (accepted.filter((one) => one.path === path).length < 25) {
          accepted.push({ value, path, parts: await partsOf(subject, desired) });
        }
      }
      for (const { value, parts } of accepted.filter((one) => one.path === path)) {
        const kinds = parts.map(({ kind }) => kind.name);
        const shape = usual.get(path) ?? kinds;
        usual.set(path, shape);
        expect(kinds, `${path} ${JSON.stringify(value)} ${replay}`).toEqual(shape);
      }
    }
    expect(inputs).toEqual(subject.example.inputs);
  });

  it.skipIf(!hasSystemd)("has units that systemd reads line by line as they were meant", () => {
    const accepted = reread.get(subject.resource) ?? [];
    for (const path of new Set(accepted.map((one) => one.path))) {
      const units = accepted.filter((one) => one.path === path).map(({ parts }) => unitsOf(parts));
      const names = new Set(units.map((some) => JSON.stringify(some.map(settingNames))));
      expect(names.size, path).toBe(1);
    }
    const all = accepted.flatMap(({ parts }) => unitsOf(parts));
    const settings = all.length === 0 ? [] : readUnit(cage.folder, all.join("\n"), ["TOROCLOUD_TSC_KHZ=1"]);
    expect(settings.filter(([, value]) => value !== "").map(([name]) => name)).toEqual(
      all.flatMap(settingNames),
    );
    expect(
      settings.filter(([, value, words]) => value !== "" && (words === null || words.includes("<expanded>"))),
    ).toEqual([]);
  });
});

/** The unit files among them. */
function unitsOf(parts: readonly Artifact[]): string[] {
  return parts.flatMap(({ kind, spec }) => (kind.name === "unit-file" ? [spec["content"] as string] : []));
}

/** The names of a unit's settings, line by line. */
function settingNames(unit: string): string[] {
  return unit.split("\n").flatMap((line) => /^(\w+)=[^\n]/.exec(line)?.[1] ?? []);
}

describe("what these tests look for", () => {
  it("is looked for in every text that a program can give", () => {
    const fields = subjects.flatMap(({ resource }) => textFields(resource).map(({ path }) => path.join(".")));
    expect(fields).toContain("shares.*.tag");
    expect(fields).toContain("settings.*");
    expect(fields.length).toBeGreaterThan(60);
  });
});
