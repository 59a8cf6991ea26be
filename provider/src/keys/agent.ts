import { connect } from "node:net";
import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";
import { parseCertificate, signingKey, strings } from "./certificate.ts";

const requestIdentities = Buffer.from([0, 0, 0, 1, 11]);
const identitiesAnswer = 12;
const answerSeconds = 10;

/** OpenSSH's agent with the certificates that it holds, which ssh2 leaves out; they are tried before plain keys. */
export class Agent extends ssh2.BaseAgent<ParsedKey> {
  private readonly path: string;
  private readonly agent: ssh2.OpenSSHAgent;

  constructor(path: string) {
    super();
    this.path = path;
    this.agent = new ssh2.OpenSSHAgent(path);
  }

  override getIdentities(done: (error?: Error, keys?: ParsedKey[]) => void): void {
    identities(this.path).then(
      (blobs) => {
        const found = blobs.map((blob) => parseCertificate(blob));
        const plain = blobs.map((blob) => ssh2.utils.parseKey(blob));
        done(undefined, [...found, ...plain].filter(isKey));
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    ...rest: readonly (SigningRequestOptions | SignCallback | undefined)[]
  ): void {
    const options = rest.find((given) => typeof given === "object");
    const done = rest.find((given) => typeof given === "function");
    const signing = signingKey(key);
    const hash = signing === key ? options : { ...options, hash: "sha512" as const };
    this.agent.sign(signing, data, hash, done);
  }
}

function isKey(found: ParsedKey | Error | undefined): found is ParsedKey {
  return found !== undefined && !(found instanceof Error);
}

/** The public halves of what an agent holds, as SSH sends them. */
async function identities(path: string): Promise<readonly Buffer[]> {
  const answer = await ask(path);
  if (answer[4] !== identitiesAnswer) throw new Error("the agent does not tell what it holds");
  const count = answer.readUInt32BE(5);
  return strings(answer.subarray(9), 2 * count).filter((_, index) => index % 2 === 0);
}

async function ask(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect(path, () => socket.write(requestIdentities));
    socket.setTimeout(answerSeconds * 1000, () => socket.destroy());
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readUInt32BE(0)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on("error", reject).on("close", () => {
      reject(new Error("the agent does not answer"));
    });
  });
}
