#!/usr/bin/env bash
# Grades a class on a cluster with Slurm: each task of the array grades one part.
#
#   mkdir -p parts
#   sbatch --wait --array=1-8 lessons/grade/spread/slurm.sh hand-ins 7342
#   cargo grade merge parts/*.json --output scores.csv --output report.html
#
# Send it from the folder of the course, which all nodes must see, with the folder of the class and a
# seed. Build the course once before, with `cargo grade hello_server`, so that the tasks do not all
# wait for Cargo.
#SBATCH --job-name=grade
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=01:00:00
#SBATCH --output=parts/%a.log
set -euo pipefail

class=${1:?the folder of the class}
seed=${2:?a seed, the same for all parts}
parts=${3:-parts} # the folder of the parts
# The array may begin at 0 or at 1.
part=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))

cargo grade --class "$class" --seed "$seed" --shard "$part/$SLURM_ARRAY_TASK_COUNT" --output "$parts/$part.json"
