import { describe, expect, test } from "vitest";
import {
  filesNamedBy,
  findMirror,
  parseSources,
  parseSourcesList,
  proxySettings,
  reachSettings,
  renderSources,
} from "../../lab/src/apt.js";

const deb822 = `# a comment
Types: deb
# another one
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb deb-src
URIs:
 http://mirror.example/security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://other.example/
Suites: bookworm
`;

describe("a machine's sources of packages", () => {
  test("deb822 files are read with their comments, continued lines and disabled stanzas", () => {
    expect(parseSources(deb822)).toEqual([
      { uris: ["http://mirror.example/debian"], suites: ["bookworm", "bookworm-updates"] },
      { uris: ["http://mirror.example/security"], suites: ["bookworm-security"] },
    ]);
  });

  test("one-line files are read with options, and sources of source packages are passed over", () => {
    const text = `# deb http://no.example x main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main
deb-src http://mirror.example/debian trixie main
`;
    expect(parseSourcesList(text)).toEqual([{ uris: ["http://mirror.example/debian"], suites: ["trixie"] }]);
  });

  test("hosts of another release get the same mirror, each part of it from where the machine has it", () => {
    const mirror = findMirror(parseSources(deb822), "bookworm");
    expect(mirror && renderSources(mirror, "trixie")).toBe(`deb http://mirror.example/debian trixie main
deb http://mirror.example/debian trixie-updates main
deb http://mirror.example/security trixie-security main
`);
  });

  test("a part that the machine does not have is left out", () => {
    const mirror = findMirror([{ uris: ["https://mirror.example"], suites: ["stable"] }], "bookworm");
    expect(mirror && renderSources(mirror, "trixie")).toBe("deb https://mirror.example trixie main\n");
  });

  test("media that hosts cannot reach are no mirror", () => {
    expect(
      findMirror([{ uris: ["file:/srv", "cdrom:[x]"], suites: ["bookworm"] }], "bookworm"),
    ).toBeUndefined();
  });
});

describe("how a machine reaches its mirror", () => {
  const dump = `Acquire "";
Acquire::AllowInsecureRepositories "0";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::http::Proxy::direct.example "DIRECT";
Acquire::http::User-Agent-Non-Interactive "true";
Acquire::https::CaInfo "/etc/ssl/own.pem";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::Packages "";`;

  test("proxies, certificates and dates are handed on, and nothing else", () => {
    expect(reachSettings(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::http::Proxy::direct.example "DIRECT";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::Check-Valid-Until "false";',
    ]);
  });

  test("files that settings name come along", () => {
    expect(filesNamedBy(reachSettings(dump))).toEqual(["/etc/ssl/own.pem"]);
  });

  test("a proxy of the environment counts where apt has none of its own", () => {
    const environment = { http_proxy: "http://a.example", HTTPS_PROXY: "http://b.example" };
    expect(proxySettings(environment, reachSettings(dump))).toEqual([
      'Acquire::https::Proxy "http://b.example";',
    ]);
    expect(proxySettings({ http_proxy: "" }, [])).toEqual([]);
  });
});
