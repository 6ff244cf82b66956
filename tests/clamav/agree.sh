#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ward and clamscan must find the same body signatures in the same files.
# usage: agree.sh NDB-SCAN-PROGRAM; exit 77 (skipped) without clamscan.
set -euo pipefail
ndb_scan=$(realpath "$1")
command -v clamscan >/dev/null || { echo "skipped: clamscan is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# hex TEXT: its bytes in hex.
hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
h1=$(hex 'marker-one') h2=$(hex 'second-mark') h3=$(hex 'third-mark')
cat >t.ndb <<END
Plain:0:*:$h1
AtZero:0:0:$h1
AtFive:0:5:$h1
Shifted:0:4,6:$h1
FromEnd:0:EOF-10:$h1
FromEndShift:0:EOF-20,12:$h1
Star:0:*:$h1*$h2
StarThree:0:*:$h1*$h2*$h3
Exact4:0:*:$h1{4}$h2
UpTo4:0:*:$h1{-4}$h2
AtLeast4:0:*:$h1{4-}$h2
Four8:0:*:$h1{4-8}$h2
Any1:0:*:$(hex marker)??$(hex one)
Nibble:0:*:$(hex marker)2?$(hex one)
NibbleLow:0:*:$(hex marker)?d$(hex one)
NibbleNo:0:*:$(hex marker)3?$(hex one)
Either:0:*:$(hex marker-)(6f|74)$(hex ne)
EitherLong:0:*:$(hex marker-)($(hex one)|$(hex two)|$(hex six))$(hex ....)
Not:0:*:$(hex marker-)!(74|75)$(hex ne)
NotNo:0:*:$(hex marker-)!(6f|75)$(hex ne)
Bracket:0:*:$(hex marker-one)[2-5]73
END

# Without --normalize=no clamscan would also scan a copy without control characters, in which
# offsets are others.
pad() { printf '\001\000\000\377%.0s' {1..40}; }
i=0
put() { { printf '\001%s\377' "$1"; pad; } >"f$i"; i=$((i + 1)); }
head_is() { { printf '%s' "$1"; pad; } >"f$i"; i=$((i + 1)); }
tail_is() { { pad; printf '%s' "$1"; } >"f$i"; i=$((i + 1)); }
put 'marker-one'
put 'marker-two....'
put 'marker-one....'
put 'marker-one....second-mark'
put 'marker-one...second-mark'
put 'marker-one......second-mark'
put 'marker-one.........second-mark'
put 'second-mark marker-one'
put 'marker-one third-mark second-mark'
put 'marker-one second-mark third-mark'
put 'marker=one marker/one markerMone'
put 'marker-onesecond-mark'
head_is 'marker-one'
head_is $'\001\002\003\004\005marker-one'
head_is $'\001\002\003\004\005\006\007\010\001marker-one'
tail_is 'marker-one'
tail_is $'marker-one\001\002\003'
tail_is $'marker-one\001\002\003\004\005\006\007\010\001\002\003\004'
tail_is 'marker-onemarker-one....second-mark'
tail_is ''

"$ndb_scan" t.ndb f* | sort >ward.txt
clamscan -d t.ndb --normalize=no --allmatch --no-summary f* 2>clamscan.err |
	sed -n 's/^\(.*\): \(.*\)\.UNOFFICIAL FOUND$/\1 \2/p' | sed "s|^$dir/||" | sort -u >clamscan.txt || true
[ -s clamscan.txt ] || { echo "clamscan found nothing"; cat clamscan.err; exit 1; }
if ! diff -u clamscan.txt ward.txt; then
	echo "Ward (+) and clamscan (-) differ"
	exit 1
fi
echo "agree: $(wc -l <ward.txt) findings, $(wc -l <t.ndb) signatures, $i files"
