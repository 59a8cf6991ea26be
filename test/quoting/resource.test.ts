import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyScript, probeScript, removeScript } from "../../provider/src/host/artifact.ts";
import type { Host } from "../../provider/src/host/host.ts";
import { prelude } from "../../provider/src/host/prelude.ts";
import { Script, sh } from "../../provider/src/host/script.ts";
import { commonInputs } from "../../provider/src/lifecycle/common-inputs.ts";
import type { Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf, type Lifecycle } from "../../provider/src/lifecycle/lifecycle.ts";
import { dropMarker, markerPath, readMarker, writeMarker } from "../../provider/src/lifecycle/marker.ts";
import { registry } from "../../provider/src/registry.ts";
import { examples, removeFixtures, type Example } from "../provider/examples.ts";
import { fieldsOf, withValue, type InputField } from "../provider/input-fields.ts";
import { Cage, hostile, hostileValues, replay } from "./hostile.ts";
import { shapeOf } from "./script-shape.ts";
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

/** Everything that a resource ever runs on its host, in pieces. */
async function scriptsOf({ resource, example }: Subject, desired: Props): Promise<Script[]> {
  const host = (name: string): Host => ({
    name,
    run: async ({ text }) => ({
      exitCode: 0,
      stdout: example.answers?.find(({ includes }) => text.includes(includes))?.stdout ?? "",
      stderr: "",
    }),
  });
  const artifacts = resource.artifacts(desired, await resource.gather?.(host, desired));
  const path = markerPath(resource.kind, resource.name(desired));
  const marker = { version: 1, type: resource.type, owner: "o", state: "ready", inputs: desired } as const;
  const pieces = [
    readMarker(path),
    writeMarker(path, marker),
    ...artifacts.flatMap((artifact) => [
      probeScript([artifact]),
      applyScript([{ artifact, actual: "" }]),
      removeScript([artifact], true),
    ]),
    resource.settle?.(desired),
    resource.report?.(desired),
    resource.beforeRemove?.(desired),
    dropMarker(path),
  ];
  return pieces.filter((piece) => piece !== undefined);
}

const reread = new Map<Resource, { value: string; path: string; scripts: Script[] }[]>();

describe.each(subjects.map((subject) => [subject.resource.type, subject] as const))("%s", (_, subject) => {
  it("refuses a value and names its field, or keeps it inside quotes in all its scripts", async () => {
    const { resource, lifecycle, inputs } = subject;
    const accepted: { value: string; path: string; scripts: Script[] }[] = [];
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
          accepted.push({ value, path, scripts: await scriptsOf(subject, desired) });
        }
      }
      for (const { value, scripts } of accepted.filter((one) => one.path === path)) {
        const shapes = scripts.map((script) => shapeOf(script).code);
        const shape = usual.get(path) ?? shapes;
        usual.set(path, shape);
        expect(shapes, `${path} ${JSON.stringify(value)} ${replay}`).toEqual(shape);
      }
    }
    expect(inputs).toEqual(subject.example.inputs);
  });

  it("has scripts that a shell can parse, and that execute nothing of a value", () => {
    const accepted = (reread.get(subject.resource) ?? []).flatMap(({ scripts }) => scripts);
    const all = Script.join([prelude, ...accepted]);
    const parsed = spawnSync("/bin/sh", ["-n"], { input: all.text });
    expect(parsed.stderr.toString()).toBe("");
    expect(run(cage, accepted)).toEqual([]);
  });

  it.skipIf(!hasSystemd)("has units that systemd reads line by line as they were meant", () => {
    const accepted = reread.get(subject.resource) ?? [];
    for (const path of new Set(accepted.map((one) => one.path))) {
      const units = accepted.filter((one) => one.path === path).map(({ scripts }) => unitsOf(scripts));
      const names = new Set(units.map((some) => JSON.stringify(some.map(settingNames))));
      expect(names.size, path).toBe(1);
    }
    const all = accepted.flatMap(({ scripts }) => unitsOf(scripts));
    const settings = all.length === 0 ? [] : readUnit(cage.folder, all.join("\n"), ["TOROCLOUD_TSC_KHZ=1"]);
    expect(settings.filter(([, value]) => value !== "").map(([name]) => name)).toEqual(
      all.flatMap(settingNames),
    );
    expect(
      settings.filter(([, value, words]) => value !== "" && (words === null || words.includes("<expanded>"))),
    ).toEqual([]);
  });
});

/** The unit files that scripts write. */
function unitsOf(scripts: readonly Script[]): string[] {
  return scripts.flatMap((script) => {
    const { words } = shapeOf(script);
    return words.filter(
      (word, index) => word.startsWith("[") && words[index + 1]?.startsWith("/etc/systemd/system/"),
    );
  });
}

/** The names of a unit's settings, line by line. */
function settingNames(unit: string): string[] {
  return unit.split("\n").flatMap((line) => /^(\w+)=[^\n]/.exec(line)?.[1] ?? []);
}

/** Runs pieces of scripts where no command exists and no folder of a host, and tells what was executed of a value. */
function run({ folder }: Cage, pieces: readonly Script[]): string[] {
  const canaries = join(folder, "canaries");
  const moved = (text: string): string =>
    ["/etc/", "/var/", "/run/", "/srv/", "/usr/local/"].reduce(
      (all, path) => all.replaceAll(path, join(folder, "nowhere", path)),
      text,
    );
  const script = Script.join([
    prelude,
    sh`trap - EXIT; set +eu
touch() { echo "touch $*" >>${canaries}; }
put_file() { :; }
wait_until() { shift 2; "$@"; }
for command in cat mktemp systemctl chown chmod mkdir rm rmdir findmnt stat timeout python3 sed tr cut sort grep getent tail head; do
  eval "$command() { return 0; }"
done`,
    ...[...new Set(pieces.map(({ text }) => moved(text)))].map(
      (text) => sh`(eval ${text}) </dev/null >/dev/null 2>&1`,
    ),
  ]);
  spawnSync("/bin/sh", ["-s"], { input: script.text, cwd: folder, env: { PATH: "/nonexistent" } });
  return existsSync(canaries) ? readFileSync(canaries, "utf8").trim().split("\n") : [];
}

describe("what these tests look for", () => {
  const unquoted = (value: string): Script => Script.fromTemplate([`echo ${value}`], []);

  it("is found when a value is not quoted", () => {
    const values = ["$(touch canary)", ";touch canary;", "a b", "it's"];
    const shape = shapeOf(unquoted("x")).code;
    for (const value of values.slice(0, 3)) expect(shapeOf(unquoted(value)).code).not.toBe(shape);
    expect(() => shapeOf(unquoted("it's"))).toThrow("stays open");
    expect(run(cage, values.slice(0, 3).map(unquoted))).toEqual(["touch canary", "touch canary"]);
  });

  it("is not found when it is", () => {
    const quoted = wild
      .filter((value) => !value.includes("\0") && !/\p{Surrogate}/u.test(value))
      .map((value) => sh`echo ${value}`);
    expect(new Set(quoted.map((script) => shapeOf(script).code))).toEqual(new Set(["echo '"]));
    expect(run(cage, quoted)).toEqual([]);
    writeFileSync(join(cage.folder, "x"), "");
  });

  it("is looked for in every text that a program can give", () => {
    const fields = subjects.flatMap(({ resource }) => textFields(resource).map(({ path }) => path.join(".")));
    expect(fields).toContain("shares.*.tag");
    expect(fields).toContain("settings.*");
    expect(fields.length).toBeGreaterThan(60);
  });
});
