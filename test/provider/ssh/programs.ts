import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { deflateSync, inflateSync } from "node:zlib";
import { type HostProgram, hostProgram } from "../../../provider/src/host-program/bundle.ts";
import type { AskOptions, Host } from "../../../provider/src/host-program/host.ts";
import type { Answer, Request, Step } from "../../../provider/src/host-program/wire.ts";
import { SshPool } from "../../../provider/src/ssh/index.ts";

interface Bundle {
  readonly boot: string;
  readonly modules: Readonly<Record<string, string>>;
}

function pack(bundle: Bundle): HostProgram {
  const bytes = deflateSync(JSON.stringify(bundle));
  return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

const kinds = readFileSync(new URL("kinds.py", import.meta.url), "utf8");
const registryName = "torocloud_host.registry";
let made: HostProgram | undefined;

/** The host program, which can run any script as well. */
export function testProgram(): HostProgram {
  made ??= withKinds(JSON.parse(inflateSync(hostProgram().bytes).toString()) as Bundle);
  return made;
}

function withKinds({ boot, modules }: Bundle): HostProgram {
  const registry = `${modules[registryName] ?? ""}\nfrom .kinds import register\n\nregister(kinds, queries)\n`;
  return pack({ boot, modules: { ...modules, [registryName]: registry, "torocloud_host.kinds": kinds } });
}

const fakeBoot = `
import hashlib, json, sys, time
def write(value):
    text = value if isinstance(value, str) else json.dumps(value)
    sys.stdout.write(text + "\\n"); sys.stdout.flush()
start = json.loads(sys.stdin.buffer.readline())
def hello(**fields):
    write(start["mark"])
    write({"program": hashlib.sha256(data).hexdigest(), "python": "3.13.5", "machine": "", "user": 0, **fields})
orders = (json.loads(line) for line in sys.stdin.buffer)
requests = (order for order in orders if "steps" in order)
`;

/** A program that does as `body` says, in place of the host program. It has \`hello(**fields)\`, \`write(value)\`, and the iterators \`orders\` and \`requests\`. */
export function fakeProgram(body: string): () => HostProgram {
  const program = pack({ boot: fakeBoot + body, modules: {} });
  return () => program;
}

/** A script for sh; every value in it is quoted. */
export function sh(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | readonly string[])[]
): string {
  return String.raw({ raw: parts.raw }, ...values.map(quoted)).replaceAll("\\`", "`");
}

function quoted(value: string | number | readonly string[]): string {
  if (Array.isArray(value)) return value.map(quoted).join(" ");
  return `'${String(value).replaceAll("'", `'\\''`)}'`;
}

export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends AskOptions {
  /** What the script reads; a stream can be read once, so what reads it is not repeated. */
  readonly stdin?: string | Uint8Array | Readable;
  /** How many pieces of it are read at most. */
  readonly pieces?: number;
}

/** A host that runs scripts as well. */
export class TestHost implements Host {
  readonly name: string;
  private readonly host: Host;

  constructor(host: Host) {
    this.name = host.name;
    this.host = host;
  }

  async ask(request: Request, options?: AskOptions): Promise<Answer> {
    return this.host.ask(request, options);
  }

  async run(script: string, { stdin, pieces = -1, ...options }: RunOptions = {}): Promise<Output> {
    if (stdin === undefined) return this.result([running(script, null)], options);
    const key = randomUUID();
    const input: Step = {
      ...{ do: "apply", kind: "test.input", key, spec: { pieces } },
      ...{ found: null, disturb: true, payload: true },
    };
    const payload = (): Readable =>
      stdin instanceof Readable
        ? stdin
        : Readable.from([typeof stdin === "string" ? Buffer.from(stdin) : stdin]);
    return this.result([input, running(script, key)], { ...options, payload });
  }

  private async result(steps: readonly Step[], options: AskOptions): Promise<Output> {
    const { results } = await this.host.ask({ steps }, options);
    return results.at(-1) as unknown as Output;
  }
}

function running(script: string, input: string | null): Step {
  return { do: "query", kind: "test.run", spec: { script, input } };
}

/** A pool of hosts that run scripts as well. */
export class TestPool extends SshPool {
  override host(name: string): TestHost {
    return new TestHost(super.host(name));
  }
}
