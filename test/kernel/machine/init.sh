#!/bin/busybox sh
# The first process of the guest: finds the machine's own file system and makes it the root.
export PATH=/bin
/bin/busybox mkdir -p /bin /proc /sys /dev /below /above /job
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev

give_up() {
  echo "init: $*" > /dev/console
  sync
  echo o > /proc/sysrq-trigger
  sleep 10
}

while read -r module; do
  insmod "/modules/$module" || echo "init: no $module" > /dev/console
done < /modules/order

share="trans=virtio,version=9p2000.L,msize=512000"
mount -t 9p -o "ro,cache=loose,$share" machine /below || give_up "the machine's files are not shared"
mount -t 9p -o "rw,cache=none,$share" job /job || give_up "the job is not shared"

# What the guest writes stays in its memory, but for what it writes to the job.
mount -t tmpfs -o size=75%,mode=755 none /above
mkdir /above/upper /above/work /above/root
root=/above/root
mount -t overlay -o lowerdir=/below,upperdir=/above/upper,workdir=/above/work none $root || give_up "no overlay"

mount -t proc none $root/proc
mount -t sysfs none $root/sys
mount -t devtmpfs none $root/dev
mkdir -p $root/dev/pts $root/dev/shm
mount -t devpts -o mode=620,ptmxmode=666 none $root/dev/pts
mount -t tmpfs none $root/dev/shm
mount -t tmpfs -o mode=755 none $root/run
mkdir -p $root/run/job $root/run/dbus $root/run/lock
mount -o bind /job $root/run/job

# With merged /usr, /lib is a link that leads out of the new root as long as it is not the root.
mkdir -p $root/usr/lib/modules
mount -o bind "/below$(cat /job/modules)" $root/usr/lib/modules || give_up "no modules"

# By switch_root and not by chroot: the kernel looks for modprobe in the root of the first process.
exec switch_root $root /bin/busybox sh /run/job/start.sh > /dev/console 2>&1
