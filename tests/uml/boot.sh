#!/bin/sh
# The first process of a User Mode Linux whose root is the machine's own (hostfs). $NSLAB_UML is a
# folder of the machine: `command` there is run, its output and exit status are written beside it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mount -t tmpfs tmp /dev/shm 2>/dev/null
# The kernel loads what a link's kind needs by itself, if told where its modules are.
mkdir -p /run/netns /run/uml/lib
ln -s /usr/lib/uml/modules /run/uml/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/uml "$@"\n' >/run/uml/modprobe
chmod +x /run/uml/modprobe
echo /run/uml/modprobe >/proc/sys/kernel/modprobe
/run/uml/modprobe ipv6 disable="${NSLAB_NO_IPV6:-0}"
ip link set lo up
(sleep "$NSLAB_LIMIT" && poweroff -f) &  # should nobody be left to end this
sh "$NSLAB_UML/command" >"$NSLAB_UML/output" 2>&1
echo $? >"$NSLAB_UML/status"
poweroff -f
