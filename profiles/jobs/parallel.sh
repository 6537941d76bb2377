#!/bin/sh
# Mints a fleet in shares with GNU parallel: on this machine, or over ssh on other machines.
#
#     parallel.sh PROFILE DIR SHARES [HOSTS]
#
# HOSTS is a file for parallel's --sshloginfile. Each host has rsync, openssl, $PYTHON (python3) with mintls' packages, and
# mintls at the path of $MINTLS. Each is sent the CA's key, into a directory that is removed at the end. $CAS is the name
# of the CA, or a glob for all CAs; `ca` by default.
set -eu
profile=$1 directory=$2 shares=$3 hosts=${4:-}
python=${PYTHON:-python3}
generate="$python ${MINTLS:-mintls}/scripts/generate.py"

# The CAs first: a share makes none.
$generate "$profile" -o "$directory" --only "${CAS:-ca}"

if [ -z "$hosts" ]; then
    # All shares write into one directory.
    seq "$shares" | parallel -N0 $generate "$profile" -o "$directory" --shard "auto/$shares" -j 1 -q
else
    # Each share is made in a directory of its own and returned into this one.
    set --
    for file in "$directory"/* "$profile"; do
        set -- "$@" --transferfile "$file"
    done
    seq "$shares" | parallel -N0 --sshloginfile "$hosts" --workdir ... --cleanup "$@" --return "$directory" \
        $generate "$profile" -o "$directory" --shard "auto/$shares" -q
fi

# The join: nothing is due, and everything verifies.
$generate "$profile" -o "$directory" --check
$python "${MINTLS:-mintls}/scripts/verify.py" "$directory"
