import { onHost } from "./hosts.ts";
import type { Workspace } from "./workspace.ts";

/** A host that also does something of its owner's, which has names that look like ours. */
export const foreignHost = "host1";

const plant = String.raw`
useradd --system --no-create-home --shell /usr/sbin/nologin torofan
mkdir -p /etc/torofan /srv/torofan
echo 'do not touch' >/etc/torofan/settings.conf
chmod 640 /etc/torofan/settings.conf; chown torofan:torofan /etc/torofan/settings.conf
echo 'data of somebody else' >/srv/torofan/data
cat >/etc/systemd/system/torocloudlike.service <<'UNIT'
[Unit]
Description=Somebody else's
[Service]
User=torofan
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now torocloudlike.service
`;

const look = String.raw`
getent passwd torofan
for file in /etc/torofan/settings.conf /srv/torofan/data /etc/systemd/system/torocloudlike.service; do
  stat -c '%n %a %U:%G %i %Y' $file; sha256sum $file
done
systemctl show -p MainPID -p ActiveState -p UnitFileState torocloudlike.service
`;

/** Puts a unit, files and a user there that are not ours. */
export async function plantForeignThings(workspace: Workspace): Promise<void> {
  await onHost(workspace, foreignHost, plant);
}

/** All there is to know of them: content, owner, inode, time of change, process. */
export async function foreignThings(workspace: Workspace): Promise<string> {
  return onHost(workspace, foreignHost, look);
}
