# The tests of a Windows build; they run under Wine (scripts/test-windows). All of them are portable unless they are named here, with the reason.
# Wine's drive Z: is this machine's root folder.
set(SG_SOURCE_DIR Z:${CMAKE_SOURCE_DIR})
set(SG_BINARY_DIR Z:${CMAKE_BINARY_DIR})
include_directories(BEFORE SYSTEM ${CMAKE_CURRENT_LIST_DIR}/include)
set(sg_windows_tests ${CMAKE_CURRENT_LIST_DIR})
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_SOURCE_DIR}/scripts/windows/wine-run)
add_executable(keeper ${CMAKE_CURRENT_LIST_DIR}/keeper_main.c)
add_library(sg_test_posix OBJECT ${CMAKE_CURRENT_LIST_DIR}/posix_win.c ${CMAKE_CURRENT_LIST_DIR}/real_service_win.c)

# left_out(PROGRAM CASE... BECAUSE reason): `*` for the whole program.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/left-out.txt "")
macro(left_out program)
  cmake_parse_arguments(LEFT "" "BECAUSE" "" ${ARGN})
  list(APPEND sg_left_out_${program} ${LEFT_UNPARSED_ARGUMENTS})
  foreach(case ${LEFT_UNPARSED_ARGUMENTS})
    if(case MATCHES " ")
      message(FATAL_ERROR "${program}: a reason must hold no semicolon:${case}")
    endif()
    string(REPLACE "*" "the whole program" case "${case}")
    file(APPEND ${CMAKE_CURRENT_BINARY_DIR}/left-out.txt "left out: ${program}: ${case}: ${LEFT_BECAUSE}\n")
  endforeach()
endmacro()

# sg_windows_test(PROGRAM): a test program of a Windows build, made already.
function(sg_windows_test program)
  sg_resources(${program})
  if(sg_left_out_${program})
    string(REPLACE ";" "," names "${sg_left_out_${program}}")
    target_sources(${program} PRIVATE ${sg_windows_tests}/left_out_win.c)
    target_compile_definitions(${program} PRIVATE SG_LEFT_OUT="${names}")
    target_link_options(${program} PRIVATE -Wl,--wrap=_cmocka_run_group_tests)
  endif()
endfunction()

# --- whole programs
left_out(test_worker_rights * BECAUSE "users, chroot, system call filters: the worker of POSIX")
left_out(test_engine_groups * BECAUSE "inotify counts the replaces")
left_out(test_engine_group_cost * BECAUSE "inotify counts what is opened")
left_out(test_step_hive_calls * BECAUSE "replaces pwrite, fdatasync and rename of the C library, which os_win.c does not call")
left_out(test_engine_mixed * BECAUSE "replaces rename of the C library, which os_win.c does not call")
left_out(test_access * BECAUSE "uids, gids and their databases")
left_out(test_watch * BECAUSE "replaces inotify_add_watch of the C library")
left_out(test_base_drive * BECAUSE "names in two letter cases side by side, and links: what drives are on POSIX")

# --- cases
left_out(test_base_system a_lock_dies_with_its_owner a_guarded_child_reports_value_death_and_time
  BECAUSE "fork and signals (test_base_os_win has the like for Windows)")
left_out(test_worker memory_is_limited BECAUSE "Wine keeps no limit of a job's memory, and the test would take all that there is")
left_out(test_base_os more_than_the_volume_has_is_not_allocated BECAUSE "Wine's files are sparse where memory holds them")
left_out(test_fetch a_file_is_given_whole BECAUSE "its address is a POSIX path (test_base_os_win has the like for Windows)")
left_out(test_fetch_https https_without_one_needs_an_authority_of_the_system BECAUSE "without an authority Wine's Schannel accepts anyone")
left_out(test_fetch_walk_tls a_good_way_names_every_step_and_the_issuer an_issuer_that_nobody_knows_is_named a_certificate_of_another_name_says_which
  BECAUSE "their servers are numbers, and with Schannel libcurl compares names alone (and as above)")
left_out(test_unchanged_poll a_file_that_did_not_change_costs_nothing BECAUSE "its address is a POSIX path")
left_out(test_watch_folders a_folder_above_that_goes_and_comes_back_is_watched_again a_root_that_went_is_found_again a_thousand_folders_are_watched
  BECAUSE "counts handles on folders, and on Windows there are none: a handle would block a rename above it")
left_out(test_base_text times_agree_with_the_c_library BECAUSE "the C library of Windows knows no time before 1970")
left_out(test_base_system the_journal_is_recognised_by_the_stream BECAUSE "systemd's journal")
left_out(test_step_refuse hard_and_symbolic_links_are_refused a_folder_that_becomes_a_link_is_not_written_through BECAUSE "symlink")
left_out(test_step mode_is_kept_and_no_temporary_file_stays BECAUSE "modes")
left_out(test_step_hive_refuse a_hive_with_links_is_left_alone who_changes_the_hive_meanwhile_is_not_written_over BECAUSE "symlink")
left_out(test_mirror a_mirror_that_was_lost_is_made_again_at_the_next_start BECAUSE "removes a file that the journal has open")
left_out(test_rules_apart sections_that_kill_their_worker_are_not_known BECAUSE "a filter of system calls that kills")
left_out(test_hive a_log_that_cannot_be_read_is_no_reassurance BECAUSE "symlink")
left_out(test_engine_hostile what_is_no_file_is_refused_and_named BECAUSE "mkfifo and symlink")
left_out(test_feed_attacks no_attack_costs_much_memory BECAUSE "each attack in a child by fork (all of them in one process are bounded here, too)")
left_out(test_services a_hive_that_this_account_may_not_write_is_locked BECAUSE "seteuid")
left_out(test_journal_open a_folder_of_somebody_else_is_refused BECAUSE "chown")
left_out(test_journal_open a_file_in_it_that_others_may_change_is_refused BECAUSE "modes (test_closed_win has the like for Windows)")
left_out(test_journal_damage copies_of_a_busy_journal_are_whole BECAUSE "fork")
left_out(test_engine_trust an_anchor_file_that_is_wrong_or_not_ours_keeps_the_old_configuration BECAUSE "modes and chown")
left_out(test_feed_apart without_a_worker_nothing_is_read BECAUSE "setrlimit")
left_out(test_config_apart without_a_worker_nothing_is_read_and_nothing_remembered BECAUSE "setrlimit")
left_out(test_engine_services a_crash_among_the_stops_is_settled_and_tried_again a_crash_among_the_starts_finishes_the_revert
  a_crash_of_who_joins_is_tried_again_and_forgets_nothing a_crash_of_who_joins_holds_nothing
  a_crash_of_a_newer_body_stops_again_what_the_older_one_wants_stopped BECAUSE "fork")

# --- whole programs under Wine: the service from its installation to its removal
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME windows_service COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/service.py ${CMAKE_BINARY_DIR})
set_tests_properties(windows_service PROPERTIES TIMEOUT 300) # 11 s alone; every wait of it may take 30
