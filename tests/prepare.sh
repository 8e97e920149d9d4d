#!/bin/sh
# Installs the Debian packages that the tests use, when root; else says what is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in ip:iproute2 sysctl:procps strace:strace newuidmap:uidmap linux.uml:user-mode-linux zsh:zsh fish:fish \
    ping:iputils-ping nft:nftables modprobe:kmod pasta:passt \
    iptables-nft:iptables setpriv:util-linux socat:socat \
    bird:bird2 dnsmasq:dnsmasq-base udhcpc:udhcpc tcpdump:tcpdump pkill:procps; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    policy=/usr/sbin/policy-rc.d # keeps bird2 from starting a daemon of this machine's
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    apt-get update -qq
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            echo "$package could not be installed: the tests that need it will be skipped" >&2
        [ "$package" != bird2 ] || [ ! -d /run/systemd/system ] || systemctl --quiet disable bird || true
    done
else
    echo "not installed, and only root can install them:$missing;" \
        "the tests that compare with these programs will be skipped" >&2
fi
