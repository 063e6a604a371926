#!/bin/sh
# The compiler behind ccache, called so that checkouts side by side share one cache: paths of this build folder are made
# relative (ccache does that for most arguments, but not for those behind -Xclang), and a precompiled header is told from
# another by its .sum (CMakeLists.txt). The compiled header itself names files of its checkout, so it is never shared.
# Called by the build in its build folder: ccache.sh SOURCE_DIR COMPILER ARGUMENTS...
export CCACHE_BASEDIR="$1" CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
shift
for argument do
  shift
  set -- "$@" "${argument#"$PWD/"}"
done
case " $* " in
  *" -emit-pch "*) exec "$@" ;;
esac
exec ccache "$@"
