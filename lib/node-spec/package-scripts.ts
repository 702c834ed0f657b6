import { type Script, sh } from '../shell.ts'
import { nodePackages } from './packages.ts'

// What the package manager would bring, dependencies included, is written
// down before it may: so undo removes this and nothing else.
const aptGet = sh`
  apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 \
      -o APT::AutoRemove::RecommendsImportant=false "$@"
  }`

/** Succeeds where every package of the node spec is installed. */
export function packagesInstalled(): Script {
  return sh`
    if command -v apt-get; then
      installed=$(dpkg-query -W -f ${'${Package} ${db:Status-Status}\n'} \
        ${nodePackages.debian} | grep -c ' installed$')
      [ "$installed" -ge ${nodePackages.debian.length} ]
    else
      rpm -q ${nodePackages.fedora}
    fi`
}

/**
 * Installs the packages of the node spec that are missing.
 *
 * @param record file that gets the names of all packages that come with it
 * @example
 * machine.ensure('packages', packagesInstalled(), installPackages(record))
 */
export function installPackages(record: string): Script {
  return sh`
    install -d -m 700 ${record.slice(0, record.lastIndexOf('/'))}
    if command -v apt-get >/dev/null; then
      ${aptGet}
      # Machines that have just started often update their lists themselves.
      for attempt in 1 2 3 4 5 6 7 8 9 10; do
        said=$(apt_get update 2>&1) && break
        grep -q 'Could not get lock' <<< "$said" && [ "$attempt" != 10 ] ||
          { echo "$said" >&2; exit 1; }
        sleep 3
      done
      # "Inst name [old] (new)" is an upgrade: it was there before.
      apt_get install --simulate --no-install-recommends \
        ${nodePackages.debian} |
        sed -nE 's/^Inst ([^ ]+) \(.*/\1/p' >> ${record}
      apt_get install --yes --no-install-recommends ${nodePackages.debian}
    else
      for name in ${nodePackages.fedora}; do
        rpm -q "$name" >/dev/null || echo "$name" >> ${record}
      done
      dnf install -y --setopt=install_weak_deps=False ${nodePackages.fedora}
    fi`
}

/**
 * Removes what {@link installPackages} brought, except what something else
 * needs by now.
 */
export function removePackages(record: string): Script {
  return sh`
    if command -v apt-get >/dev/null; then
      ${aptGet}
      xargs -r apt-mark auto < ${record} >/dev/null
      unused=$(apt_get autoremove --simulate | sed -nE 's/^Remv ([^ ]+) .*/\1/p')
      { grep -Fxf ${record} <<< "$unused" || true; } |
        DEBIAN_FRONTEND=noninteractive xargs -r apt-get purge -q --yes \
          -o DPkg::Lock::Timeout=120
    else
      xargs -r dnf remove -y < ${record}
    fi
    rm -f ${record}`
}
