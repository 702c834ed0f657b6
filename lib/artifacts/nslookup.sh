#!/bin/sh
# The nslookup of busybox knows no `ndots` and asks every search domain. This
# one asks in the order of the resolver and stops at the first answer.
name= server= options= below=
for word; do
  case $word in
    -*) options="$options $word" ;;
    *) [ "$name" ] && server=$word || name=$word ;;
  esac
done
ask() { busybox nslookup $options "$1" $server; }

case $name in
  '' | *. | *:*) ask "$name"; exit ;;
  *[!0-9.]*) ;;
  *) ask "$name"; exit ;; # an IPv4 address
esac

search=$(sed -n 's/^search//p' /etc/resolv.conf)
ndots=$(sed -n 's/^options.*ndots:\([0-9]*\).*/\1/p' /etc/resolv.conf)
dots=$(printf %s "$name" | tr -cd . | wc -c)
for domain in $search; do below="$below $name.$domain."; done
[ "$dots" -lt "${ndots:-1}" ] && names="$below $name." || names="$name. $below"
for each in $names; do
  if said=$(ask "$each" 2>&1); then echo "$said"; exit; fi
done
echo "$said"
exit 1
