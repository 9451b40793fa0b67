# parts.bash - sourced by scripts/test and scripts/prove: named parts, each with a budget in minutes, run one after the other.
#
# Guarantees: a part that fails doesn't stop the others; a part that hangs is ended at four times its budget and counts as failed; the last line
# is 'N passed, N failed, N skipped' and the exit status is 0 only when nothing failed. A part's output goes to the terminal and to
# BUILD/log/PART.log.
#
# The script that sources this defines `usage` and a function part_NAME per part, declares the parts with `part`, and ends with `parts_main "$@"`.
# A part function returns 0 (passed), 77 (skipped; the reason is its last line) or anything else (failed). It may print lines '@count P F S' (as
# scripts/count-tests does): then these are counted in the place of the part itself.

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${STOPGAP_BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
jobs=$(nproc)
PATH=/usr/bin:/bin:$PATH # the packages that scripts/setup installs, python3 with its modules among them, before any other
skipped=77

part_names=()
declare -A part_budget part_what

# part NAME BUDGET_MINUTES WHAT
part() {
	part_names+=("$1")
	part_budget[$1]=$2
	part_what[$1]=$3
}

skip() {
	echo "$*"
	return $skipped
}

parts_list() {
	local name total=0
	for name in "${part_names[@]}"; do
		printf '  %-14s %5s min  %s\n' "$name" "${part_budget[$name]}" "${part_what[$name]}"
	done
	total=$(printf '%s\n' "${part_budget[@]}" | awk '{ s += $1 } END { print s }')
	printf '  %-14s %5s min\n' "all" "$total"
}

# configure FOLDER CMAKE_ARGUMENT...: a build folder, made once; cmake itself sees changed lists.
configure() {
	local folder=$1
	shift
	cmake -S "$top" -B "$folder" -G Ninja --log-level=WARNING "$@" >/dev/null || {
		echo "cmake failed in $folder" >&2
		return 1
	}
}

# run_ctest [--show] FOLDER ARGUMENT...: runs those tests, prints their counts (--show: and what they printed); skips when none is selected.
run_ctest() {
	local show=() rc=0 folder
	[ "$1" != --show ] || { show=(--show) && shift; }
	folder=$1
	shift
	if [ ! -f "$folder/CTestTestfile.cmake" ]; then
		echo "nothing is built in ${folder#"$top"/}: run the parts gcc and clang first"
		return 1
	fi
	if ! (cd "$folder" && ctest -N "$@") | grep -q 'Test *#'; then
		skip "no test is registered for: ctest $*"
		return
	fi
	rm -f "$folder/tests.xml"
	(cd "$folder" && ctest -j "$jobs" --output-on-failure --test-output-size-passed 4000000 --test-output-size-failed 4000000 --output-junit tests.xml "$@") || rc=1
	python3 "$top/scripts/count-tests" "${show[@]}" "$folder/tests.xml" || rc=1
	return $rc
}

parts_main() {
	local only=() name inside=
	while [ $# -gt 0 ]; do
		case $1 in
		--only | --inside)
			if [ $# -lt 2 ] || [ -z "${part_budget[$2]:-}" ]; then
				echo "${0##*/}: $1 wants a part: ${part_names[*]}" >&2
				exit 2
			fi
			if [ "$1" = --only ]; then only+=("$2"); else inside=$2; fi
			shift
			;;
		--ci) ;; # the parts are made to fit; kept as a word of its own for callers
		--list)
			parts_list
			exit 0
			;;
		-h | --help)
			usage
			exit 0
			;;
		*)
			echo "${0##*/}: unknown argument '$1'; see --help" >&2
			exit 2
			;;
		esac
		shift
	done
	cd "$top" || exit 1
	if [ -n "$inside" ]; then
		"part_$inside"
		exit
	fi
	[ ${#only[@]} -gt 0 ] || only=("${part_names[@]}")

	mkdir -p "$build/log" || exit 1
	local passed=0 failed=0 skips=0 rc begun ms limit log state child= shown counts p f s summary=() all_begun=$SECONDS
	trap '[ -z "$child" ] || kill "$child" 2>/dev/null; echo; echo "interrupted"; exit 130' INT TERM
	for name in "${only[@]}"; do
		log=$build/log/$name.log
		limit=$(awk -v m="${part_budget[$name]}" -v s="$name" 'BEGIN { print s == "setup" ? 1800 : int(m * 240) }')
		printf '\n== %s (budget %s min): %s\n' "$name" "${part_budget[$name]}" "${part_what[$name]}"
		begun=$(date +%s%3N)
		rm -f "$log.pipe"
		mkfifo "$log.pipe" || exit 1
		tee "$log" <"$log.pipe" | grep --line-buffered -v '^@count ' &
		shown=$!
		timeout -k 10 "$limit" bash "$0" --inside "$name" </dev/null >"$log.pipe" 2>&1 &
		child=$!
		wait "$child"
		rc=$?
		child=
		# Its last lines come before the result; a process that it left behind must not hold us up.
		timeout 5 tail --pid="$shown" -f /dev/null
		rm -f "$log.pipe"
		ms=$(($(date +%s%3N) - begun))
		case $rc in
		0) state=passed ;;
		"$skipped") state=skipped ;;
		124 | 137)
			state=FAILED
			echo "ended after $limit s"
			;;
		*) state=FAILED ;;
		esac
		counts=$(awk '/^@count / { p += $2; f += $3; s += $4; seen = 1 } END { if (seen) print p, f, s }' "$log")
		if [ -n "$counts" ] && [ $state != skipped ]; then
			read -r p f s <<<"$counts"
			[ $state = passed ] || [ "$f" -gt 0 ] || f=1
		else
			case $state in
			passed) p=1 f=0 s=0 ;;
			skipped) p=0 f=0 s=1 ;;
			*) p=0 f=1 s=0 ;;
			esac
		fi
		passed=$((passed + p)) failed=$((failed + f)) skips=$((skips + s))
		summary+=("$(awk -v n="$name" -v r="$state" -v ms=$ms -v b="${part_budget[$name]}" -v p="$p" -v f="$f" -v s="$s" 'BEGIN {
			printf "  %-14s %-8s %6.2f of %4.1f min%s  %d passed, %d failed, %d skipped", n, r, ms / 60000, b, (ms / 60000 > b ? " OVER" : ""), p, f, s }')")
		echo "${summary[-1]}"
	done

	printf '\n%s: %d.%d min; logs in %s\n' "${0##*/}" $(((SECONDS - all_begun) / 60)) $(((SECONDS - all_begun) % 60 / 6)) "$build/log"
	printf '%s\n' "${summary[@]}"
	echo "$passed passed, $failed failed, $skips skipped"
	[ "$failed" -eq 0 ]
	exit
}
