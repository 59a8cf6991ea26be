import ssh2, { type Client, type ParsedKey } from "ssh2";

/** How a certificate of a user is offered: its name on the wire, and the algorithm of the signatures that go with it. */
interface Certificate {
  readonly key: ParsedKey;
  readonly algorithm: string;
  readonly signedWith: string;
}

const suffix = "-cert-v01@openssh.com";
const certificates = new WeakMap<ParsedKey, Certificate>();

/** Of how many parts the public key in a certificate of each type consists. */
const partsByType: Readonly<Record<string, number>> = {
  "ssh-ed25519": 1,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
  "ssh-rsa": 2,
};

/** A certificate that OpenSSH made for a key, as a key that ssh2 can offer; undefined when `blob` is none. */
export function parseCertificate(blob: Buffer): ParsedKey | undefined {
  const [name = Buffer.alloc(0)] = strings(blob, 1);
  const type = name.toString("latin1").replace(suffix, "");
  const parts = partsByType[type];
  if (parts === undefined || !name.toString("latin1").endsWith(suffix)) return undefined;
  // Its type, a nonce, the parts of the public key.
  const inside = strings(blob, 2 + parts).slice(2);
  const key = ssh2.utils.parseKey(Buffer.concat([string(type), ...inside.map(string)]));
  if (key instanceof Error) return undefined;
  const signedWith = type === "ssh-rsa" ? "rsa-sha2-512" : type;
  // For ssh2 a key is what inherits from one.
  const offered = Object.create(key, {
    type: { value: `${type}${suffix}` },
    getPublicSSH: { value: () => blob },
  }) as ParsedKey;
  certificates.set(offered, { key, algorithm: `${signedWith}${suffix}`, signedWith });
  return offered;
}

/** How an agent is asked to sign with a key that {@link parseCertificate} made; other keys as they are. */
export function signingKey(offered: ParsedKey): ParsedKey {
  const certificate = certificates.get(offered);
  if (certificate === undefined) return offered;
  return Object.create(offered, { type: { value: certificate.key.type } }) as ParsedKey;
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

/** What is used of ssh2's inside, as of 1.17. */
interface Protocol {
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  readonly _kex: { readonly sessionID: Buffer };
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _authsQueue: string[];
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/**
 * Lets a client that is connecting log in with certificates. ssh2 writes one name into a request and into its signature,
 * where a certificate needs two: the certificate's own, and that of the key's algorithm.
 */
export function allowCertificates(client: Client): void {
  const { _protocol: protocol } = client as unknown as { readonly _protocol: Protocol };
  const plain = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    const certificate = certificates.get(key);
    if (certificate === undefined) {
      plain(user, key, algorithm, sign);
      return;
    }
    if (sign === undefined) {
      plain(user, key, certificate.algorithm);
      return;
    }
    const names = [string(user), string("ssh-connection"), string("publickey")];
    const offer = [Buffer.from([1]), string(certificate.algorithm), string(key.getPublicSSH())];
    const request = Buffer.concat([Buffer.from([userauthRequest]), ...names, ...offer]);
    sign(Buffer.concat([string(protocol._kex.sessionID), request]), (signature) => {
      const signed = Buffer.concat([string(certificate.signedWith), string(signature)]);
      send(protocol, Buffer.concat([request, string(signed)]));
    });
  };
}

const userauthRequest = 50;

function send(
  { _packetRW: { write }, _authsQueue: queue, _cipher: cipher }: Protocol,
  payload: Buffer,
): void {
  const start = write.allocStart;
  const packet = write.alloc(payload.length);
  packet.set(payload, start);
  queue.push("publickey");
  cipher.encrypt(write.finalize(packet));
}

/** SSH's form of a string: its length, then its bytes. */
function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The first strings in `blob`, as many as there are of `count`. */
export function strings(blob: Buffer, count: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; found.length < count && at + 4 <= blob.length;) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) break;
    found.push(blob.subarray(at + 4, end));
    at = end;
  }
  return found;
}
