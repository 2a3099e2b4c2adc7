# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Servers that cannot be installed beside Postfix, since a system has one mail transport agent: their packages are
# downloaded and unpacked in the build folder, and each runs in a jail (chroot) in the temporary folder of the run,
# with the libraries it needs and users of its own. Nothing of the system is changed. Sourced; unpacked_fetch by
# ci/setup, the rest by ci/servers. Uses $build_dir, and $work and $host there.

unpacked_store=$build_dir/mail-servers
jail_user=65534 # nobody: the servers drop root to it, whatever their user is called

unpacked_is_known() { # PACKAGE: is it in the package lists?
    [[ $(apt-cache show --no-all-versions "$1" 2>/dev/null) == Package:* ]]
}

# PACKAGE and the libraries that are missing for its PROGRAM into the store. Needs no root, but package lists. What is
# there and finds its libraries is kept; for a newer version remove the folder. Status 1: it could not be had, and why
# is in the last line of $unpacked_store/PACKAGE.log.
unpacked_fetch() { # PACKAGE PROGRAM
    local new log=$unpacked_store/$1.log names=("$1")
    unpacked_is_whole "$1" "$2" && return 0
    mkdir -p "$unpacked_store" && new=$(mktemp -d "$unpacked_store/new.XXXXXX") || return 1
    # A simulated installation knows what is missing; only the libraries of it count here.
    mapfile -t -O 1 names < <(apt-get -s --no-install-recommends install "$1" 2>/dev/null |
        sed -n 's/^Inst \(lib[^ ]*\) .*/\1/p')
    if (cd "$new" && apt-get -q -o APT::Sandbox::User=root download "${names[@]}") >"$log" 2>&1 &&
        unpacked_extract "$new" >>"$log" 2>&1; then
        chmod 755 "$new"
        rm -rf "${unpacked_store:?}/$1"
        mv "$new" "$unpacked_store/$1"
    else
        rm -rf "$new"
        return 1
    fi
}

unpacked_is_whole() { # PACKAGE PROGRAM
    [ -x "$unpacked_store/$1/root/$2" ] && [ -z "$(unpacked_lack "$1" "$2")" ]
}

unpacked_lack() { # PACKAGE PROGRAM: a library that the loader does not find, if there is one
    unpacked_libraries "$unpacked_store/$1/root" "$2" | sed -n 's/^[[:space:]]*\(.*not found.*\)/\1/p' | head -n 1
}

unpacked_extract() { # FOLDER: its packages, into FOLDER/root
    local file
    for file in "$1"/*.deb; do
        dpkg -x "$file" "$1/root" && rm -f "$file" || return 1
    done
    # Nobody is to gain root by a file in a build folder; we start it as root anyway.
    find "$1/root" -type f -perm /6000 -exec chmod ug-s {} +
}

unpacked_libraries() { # TREE PROGRAM: what the loader finds for it, a path a line
    local folders
    folders=$(find "$1" -name '*.so.*' -printf '%h\n' | sort -u | tr '\n' ':')
    LD_LIBRARY_PATH=${folders%:} ldd "$1/$2" 2>&1
}

# Why PROGRAM of PACKAGE cannot be started here; nothing when it can.
unpacked_obstacle() { # PACKAGE PROGRAM
    local tree=$unpacked_store/$1/root missing
    if [ "$(id -u)" -ne 0 ]; then
        echo "its jail needs root"
    elif ! have chroot || ! have setsid || ! have ldd; then
        echo "chroot, setsid or ldd is not installed"
    elif ! chroot / /bin/true 2>/dev/null; then
        echo "chroot is not permitted here"
    elif ! { cp /bin/true "$work/true" && "$work/true"; } 2>/dev/null; then
        echo "no program can be run in $work"
    elif [ ! -x "$tree/$2" ]; then
        if [ -s "$unpacked_store/$1.log" ]; then
            echo "the package $1 was not fetched: $(tail -n 1 "$unpacked_store/$1.log")"
        else
            echo "the package $1 was not fetched (ci/setup servers does that)"
        fi
    else
        missing=$(unpacked_lack "$1" "$2")
        [ -z "$missing" ] || echo "the package $1 lacks a library ($missing); ci/setup servers fetches it again"
    fi
}

# A folder that holds PROGRAM, its libraries, the certificates of the run and USERs who own nothing. Inside, its own
# path leads to its root, so that one configuration fits both sides and the command line names our folder.
jail_make() { # FOLDER PACKAGE PROGRAM USER...
    local jail=$1 tree=$unpacked_store/$2/root program=$3 library up
    shift 3
    mkdir -p "$jail/etc" "$jail/${program%/*}" "$jail${jail%/*}" || return 1
    chmod 711 "$jail"
    up=${jail%/*} && up=${up//[!\/]/} && up=${up//\//../} # as many steps up as there are folders above
    ln -s "${up%/}" "$jail$jail" || return 1
    cp "$tree/$program" "$jail/$program" || return 1
    while read -r library; do
        mkdir -p "$jail$(dirname "${library#"$tree"}")" && cp -L "$library" "$jail${library#"$tree"}" || return 1
    done < <(unpacked_libraries "$tree" "$program" | grep -o '/[^ ]*')
    printf 'root:x:0:0:root:/:/bin/false\n' >"$jail/etc/passwd"
    printf 'root:x:0:\n' >"$jail/etc/group"
    jail_users "$jail" "$@"
    echo "127.0.0.1 localhost $host" >"$jail/etc/hosts"
    printf 'passwd: files\ngroup: files\nhosts: files\n' >"$jail/etc/nsswitch.conf"
    mkdir "$jail/etc/certificates" && cp "$work"/certificates/*.pem "$work"/certificates/*.key "$jail/etc/certificates"
}

jail_users() { # FOLDER USER...
    local jail=$1 id=$jail_user name
    shift
    for name in "$@"; do
        printf '%s:x:%d:%d::/:/bin/false\n' "$name" "$id" "$id" >>"$jail/etc/passwd"
        printf '%s:x:%d:\n' "$name" "$id" >>"$jail/etc/group"
        id=$((id - 1))
    done
}

# Its process and the ones it starts are a group of their own, so that none is left behind.
jail_start() { # NAME FOLDER COMMAND...
    local name=$1 jail=$2
    shift 2
    setsid chroot "$jail" "$@" </dev/null >>"$jail/check.log" 2>&1 &
    echo $! >"$work/pids/$name"
}
