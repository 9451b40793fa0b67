# wine.bash - sourced: a Windows of one's own for a run of tests, headless, thrown away after it.
#
#   wine_begin FOLDER   makes FOLDER/prefix (a copy of a prefix that is made once and kept in the cache), sets the environment, starts the keeper
#   wine_kept           fails, and says so, when the keeper or the server that it began with is gone: services were ended meanwhile and began anew
#   wine_end            ends what still runs in that prefix, and no other's
# Wine ends all services a few seconds after the last ordinary process, and starting anew takes seconds: the keeper is that process. On a busy machine
# the first processes of a prefix may fail, and so it is started when one has succeeded, and is taken for started when it has said so itself.

wine_keeper= wine_drive= wine_served_by=

# The prefix that all runs are copied from: as `wineboot --init` leaves it. Whole or absent; a new Wine makes a new one.
wine_template() {
	local cache=${STOPGAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stopgap} key template
	key=$(dpkg-query -W -f '${Package} ${Version}\n' wine wine64 libwine 2>/dev/null | sha256sum | cut -c 1-16)
	template=$cache/wine-$key
	mkdir -p "$cache"
	(
		flock 9
		[ ! -d "$template" ] || exit 0
		rm -rf "$template.making"
		WINEPREFIX=$template.making timeout 300 wineboot --init </dev/null >/dev/null 2>&1 || exit 1
		WINEPREFIX=$template.making timeout 60 wineserver --wait || exit 1
		# The account's folders are links to the home of whoever runs the tests: nothing there is a test's business.
		PATH=/usr/bin:/bin find "$template.making/drive_c/users" -type l -execdir sh -c 'for link; do rm -- "$link" && mkdir -- "$link" || exit 1; done' _ {} + || exit 1
		mv -T "$template.making" "$template"
	) 9>"$cache/wine.lock" || {
		echo "wine: no prefix could be made in $cache" >&2
		return 1
	}
	echo "$template"
}

# The process id of this prefix's wineserver, which works in a folder that is called as the prefix's device and file number; nothing when there is none.
wine_server() {
	local folder cwd
	# shellcheck disable=SC2046 # two words
	folder=$(printf 'server-%x-%x' $(stat -L -c '%d %i' "$WINEPREFIX"))
	while read -r cwd; do
		case $(cat "${cwd%/cwd}/comm" 2>/dev/null) in wineserver*) basename "${cwd%/cwd}" ;; esac
	done < <(find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "*/$folder" 2>/dev/null)
}

wine_begin() {
	local folder=$1 template try
	export WINEDEBUG=-all WINEARCH=win64 WINEDLLOVERRIDES="mscoree,mshtml="
	unset DISPLAY WAYLAND_DISPLAY TMPDIR # a name of this machine means nothing to a program
	template=$(wine_template) || return 1
	mkdir -p "$folder"
	folder=$(cd "$folder" && pwd)
	rm -rf "$folder/prefix"
	# Hard links for what nobody writes; the registry is written in place, so it is copied.
	cp -al "$template" "$folder/prefix" 2>/dev/null || { rm -rf "$folder/prefix" && cp -a "$template" "$folder/prefix"; } || return 1
	cp --remove-destination "$template"/*.reg "$folder/prefix/" || return 1
	export WINEPREFIX=$folder/prefix
	# Drive T:, for temporary files: in memory where there is room, because flushing thousands of journals is not what these tests are about.
	wine_drive=$folder/t
	if [ "$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)" -ge 2000 ] 2>/dev/null; then
		wine_drive=$(mktemp -d /dev/shm/stopgap-wine.XXXXXX) || return 1
	fi
	mkdir -p "$wine_drive/tmp"
	ln -sfn "$wine_drive" "$folder/prefix/dosdevices/t:"
	for try in 1 2 3 4 5 6 7 8 9 10; do
		timeout 60 wine cmd.exe /c exit 0 </dev/null >/dev/null 2>&1 && wine_keep "$folder/kept" && wine_served_by=$(wine_server) && [ -n "$wine_served_by" ] && return 0
		sleep 0.5
	done
	echo "wine: no program stays in $WINEPREFIX (tried $try times)" >&2
	return 1
}

# The keeper, running; it says so in the file.
wine_keep() {
	local said=$1 i
	: >"$said"
	wine "$WINE_KEEPER" </dev/null >"$said" 2>/dev/null &
	wine_keeper=$!
	for ((i = 0; i < 600; i++)); do
		kill -0 "$wine_keeper" 2>/dev/null || return 1
		[ ! -s "$said" ] || return 0
		sleep 0.1
	done
	kill "$wine_keeper"
	return 1
}

wine_kept() {
	kill -0 "$wine_keeper" 2>/dev/null && [ "$(wine_server)" = "$wine_served_by" ] && return 0
	echo "wine: the process that keeps $WINEPREFIX alive, or its wineserver, is gone: what a test says of a service there is worth nothing" >&2
	return 1
}

wine_end() {
	[ -n "${WINEPREFIX:-}" ] || return 0
	timeout 30 wineserver -k
	timeout 30 wineserver --wait
	# One whose server was killed hears nothing of its end.
	[ -z "$wine_keeper" ] || { kill -KILL "$wine_keeper" && wait "$wine_keeper"; } 2>/dev/null
	[ -z "$wine_drive" ] || rm -rf "$wine_drive"
	return 0
}
