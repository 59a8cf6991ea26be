/** For services that need no privilege and write nowhere but where systemd lets them (systemd.exec(5)). */
export const unprivileged = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
CapabilityBoundingSet=
LockPersonality=yes
RestrictSUIDSGID=yes`;
