#!/bin/sh
# Prepares the broker's settings, access rules and passwords, then becomes the command it is given, if any.
#
# The container runs it as root ahead of the broker; without Docker anyone may. It needs POSIX sh and mosquitto_passwd.
#   BROKER_CONFIG     folder to fill: mosquitto.conf, acl, passwd, and a file of mosquitto_sub's options a user
#   BROKER_DATA       folder of the broker's database
#   BROKER_PASSWORDS  folder with one file a user; a password that is not there is made, once
#   BROKER_<USER>_PASSWORD, BROKER_<USER>_PASSWORD_FILE  a password to use instead
#   BROKER_OWNERS     "user=uid ...": whose a password file is, when root runs this
#   BROKER_USER       account the broker drops to when root starts it
#   BROKER_LISTENER   port, then the address unless the broker is to listen on all
#   BROKER_ANONYMOUS  true: no accounts and no access rules; on loopback only
#   BROKER_PLUGINS    folders to look for the plugins of Mosquitto 2.1 in; without them the settings are those for 2.0
#   BROKER_BRIDGE     file with a bridge to another broker, if there is one; bridge.conf beside this script without it
#   S2P_MQTT_BASE     base topic
set -eu
umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin

templates=$(cd "$(dirname "$0")" && pwd)
config=${BROKER_CONFIG:-/mosquitto/config}
data=${BROKER_DATA:-/mosquitto/data}
passwords=${BROKER_PASSWORDS:-/mosquitto/passwords}
account=${BROKER_USER:-$(id -un)}
listener=${BROKER_LISTENER:-1883}
base=${S2P_MQTT_BASE:-stash2plex}
bridge=${BROKER_BRIDGE:-$templates/bridge.conf}
users=$(sed -n 's/^user //p' "$templates/acl.template")

fail() {
    printf '%s\n' "mosquitto/entrypoint.sh: $1" >&2
    exit 2
}

plugins() {
    usual='/usr/lib /usr/lib/mosquitto /usr/lib/*/mosquitto /usr/lib64 /usr/local/lib /opt/homebrew/lib'
    for folder in ${BROKER_PLUGINS:-$usual}; do
        if [ -e "$folder/mosquitto_persist_sqlite.so" ]; then
            printf '%s' "$folder"
            return
        fi
    done
}

escaped() {
    printf '%s' "$1" | sed 's/[\\&|]/\\&/g'
}

render() { # TEMPLATE
    sed -e "s/^\[$generation\] //" -e "s/^\[$access\] //" -e "s/^\[$generation $access\] //" -e '/^\[/d' \
        -e "s|@LISTENER@|$(escaped "$listener")|" -e "s|@USER@|$(escaped "$account")|" \
        -e "s|@CONFIG@|$(escaped "$config")|" -e "s|@DATA@|$(escaped "$data")|" \
        -e "s|@PLUGINS@|$(escaped "$plugins")|" -e "s|@BASE@|$(escaped "$base")|" \
        "$templates/$1.template" >"$config/$1"
}

# A password is only ever an argument of the shell's own commands, which the process list does not show.
password_of() { # USER
    name=$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]')
    eval "given=\${BROKER_${name}_PASSWORD:-} file=\${BROKER_${name}_PASSWORD_FILE:-}"
    if [ -n "$given" ]; then
        printf '%s' "$given"
    elif [ -n "$file" ]; then
        [ -r "$file" ] || fail "cannot read $file, which BROKER_${name}_PASSWORD_FILE names"
        cat "$file"
    elif [ -s "$passwords/$1" ]; then
        cat "$passwords/$1"
    else
        od -A n -N 24 -t x1 /dev/urandom | tr -d ' \n'
    fi
}

keep() { # USER PASSWORD
    printf '%s' "$2" >"$passwords/.new"
    chmod 400 "$passwords/.new"
    for owner in ${BROKER_OWNERS:-}; do
        [ "${owner%%=*}" != "$1" ] || chown "${owner#*=}" "$passwords/.new"
    done
    mv -f "$passwords/.new" "$passwords/$1"
}

accounts() {
    # The folder may be entered by every service; each file is readable by its own alone.
    chmod 711 "$passwords"
    : >"$config/passwd.new"
    for user in $users; do
        password=$(password_of "$user")
        case $password in
            '' | *[!!-~]* | *:*) fail "the password of $user must be printable ASCII without blanks and colons" ;;
        esac
        keep "$user" "$password"
        printf '%s:%s\n' "$user" "$password" >>"$config/passwd.new"
        printf '%s\n' "-h 127.0.0.1" "-p ${listener%% *}" "-u $user" "-P $password" >"$config/$user"
    done
    printf '%s\n' "-t \$SYS/broker/uptime" '-C 1' '-W 5' >>"$config/health"
    mosquitto_passwd -U "$config/passwd.new"
    mv -f "$config/passwd.new" "$config/passwd"
    render acl
}

case $base in
    '' | /* | */ | *//* | *[!A-Za-z0-9_/-]*)
        fail "S2P_MQTT_BASE must be letters, digits, _ and -, in levels with / between them" ;;
esac
access=accounts
if [ "${BROKER_ANONYMOUS:-}" = true ]; then
    access=anonymous
    case $listener in
        *' 127.0.0.1' | *' ::1' | *' localhost') ;;
        *) fail "without accounts it listens on loopback only: set BROKER_LISTENER to '${listener%% *} 127.0.0.1'" ;;
    esac
fi
plugins=$(plugins)
generation=${plugins:+2.1}
generation=${generation:-2.0}

mkdir -p "$config" "$data" "$passwords"
render mosquitto.conf
if [ -e "$bridge" ]; then
    cat "$bridge" >>"$config/mosquitto.conf"
fi
if [ "$access" = accounts ]; then
    accounts
fi
if [ "$account" != "$(id -un)" ]; then
    chown -R "$account:" "$config" "$data"
fi
for user in $users; do
    unset "BROKER_$(printf '%s' "$user" | tr '[:lower:]' '[:upper:]')_PASSWORD"
done
[ "$#" -eq 0 ] || exec "$@"
