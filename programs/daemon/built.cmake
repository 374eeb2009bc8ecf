# Writes OUT from TEMPLATE, unless it is the same already.
#   SOURCE_DIR  the repository, or an unpacked archive of it
#   VERSION, BUILD
set(COMMIT "")
find_program(GIT git)
# Somebody else's repository may hold an unpacked archive.
if(GIT AND EXISTS ${SOURCE_DIR}/.git)
  execute_process(
    COMMAND ${GIT} --no-optional-locks describe --always --dirty --exclude=*
            --abbrev=12
    WORKING_DIRECTORY ${SOURCE_DIR}
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT COMMIT)
  set(COMMIT unknown)
endif()
configure_file(${TEMPLATE} ${OUT} @ONLY)
