import { HostUnreachable } from "../../host-program/host.ts";

/** Which machine answered under which name, by what its /etc/machine-id holds: one machine must have one name. */
export class Machines {
  private readonly ids = new Map<string, string>();
  private readonly names: () => ReadonlySet<string>;

  /** `names` are those that the inventory has now. */
  constructor(names: () => ReadonlySet<string>) {
    this.names = names;
  }

  /** A machine has answered; throws HostUnreachable when it is known by another name, or another machine by this one. */
  meet(name: string, id: string): void {
    if (id === "") return;
    const before = this.ids.get(name);
    if (before !== undefined && before !== id)
      throw new HostUnreachable(
        name,
        `another machine answers than before in this run (machine-id ${id}, before that ${before}); if that is right, run again`,
      );
    const names = this.names();
    for (const [other, known] of this.ids)
      if (other !== name && known === id && names.has(other)) throw twins(name, other, id);
    this.ids.set(name, id);
  }
}

function twins(name: string, other: string, id: string): HostUnreachable {
  const [one, two] = [name, other].sort();
  return new HostUnreachable(
    name,
    `${one ?? ""} and ${two ?? ""} of the inventory are the same machine (machine-id ${id}), or clones of one image: ` +
      `give each machine one name, and each clone a machine-id of its own with systemd-machine-id-setup`,
  );
}
