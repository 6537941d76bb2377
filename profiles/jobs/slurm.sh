#!/bin/sh
#SBATCH --job-name=fleet
#SBATCH --array=1-8
#SBATCH --ntasks=1
#
# Mints a fleet in eight shares as a Slurm job array, into one directory that every node mounts.
#
#     python3 mintls/scripts/generate.py fleet.yaml -o certs --only ca           the CA first: a share makes none
#     job=$(sbatch --parsable slurm.sh fleet.yaml certs)
#     sbatch --dependency="afterok:$job" --wrap 'python3 mintls/scripts/generate.py fleet.yaml -o certs --check'
#
# The last line is the join: it ends with 0 when no share is missing. $MINTLS is where mintls is.
set -eu
exec python3 "${MINTLS:-mintls}/scripts/generate.py" "$1" -o "$2" --shard auto -j "${SLURM_CPUS_ON_NODE:-1}" -q
