# Whole programs under Wine, each test in a Windows of its own (scripts/windows/wine-apart). platforms needs the programs of this machine's own system, too:
# STOPGAP_NATIVE names their folder (scripts/test-windows).
add_executable(appcmd ${CMAKE_CURRENT_LIST_DIR}/appcmd_main.c)
add_executable(service_look ${CMAKE_CURRENT_LIST_DIR}/service_look_main.c)
target_link_libraries(service_look PRIVATE sg_testlib)
add_executable(loads ${CMAKE_CURRENT_LIST_DIR}/loads_main.c)
target_link_libraries(loads PRIVATE sg_testlib)
add_library(planted SHARED ${CMAKE_CURRENT_LIST_DIR}/planted_win.c)
target_link_options(planted PRIVATE -static)
set_target_properties(planted PROPERTIES PREFIX "" RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})

# What the crash matrix does (tests/crash), its scenarios and its looks, on os_win.c: its shim of the C library and its children by fork stay behind.
set(crash ${CMAKE_CURRENT_SOURCE_DIR}/crash)
add_executable(crash_child ${CMAKE_CURRENT_LIST_DIR}/crash_child_main.c ${CMAKE_CURRENT_LIST_DIR}/crash_shim_win.c ${crash}/inspect.c ${crash}/scenario.c
  ${crash}/work.c)
target_link_libraries(crash_child PRIVATE sg_testlib)

# stopgapd on access lists that the test keeps.
add_executable(stopgapd_lists ${CMAKE_SOURCE_DIR}/core/daemon/stopgapd_main.c ${CMAKE_CURRENT_LIST_DIR}/lists_shim_win.c)
target_link_libraries(stopgapd_lists PRIVATE sg_daemon)

foreach(name lists service_settings service_removal libraries live cut_off https platforms crash msi msi_elsewhere msi_readme)
  add_test(NAME windows_${name} COMMAND ${CMAKE_SOURCE_DIR}/scripts/windows/wine-apart ${CMAKE_BINARY_DIR} ${name}
    ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/${name}.py ${CMAKE_BINARY_DIR})
  set_tests_properties(windows_${name} PROPERTIES TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME windows_executable COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/executable.py ${CMAKE_BINARY_DIR})
set_tests_properties(windows_executable PROPERTIES TIMEOUT 240)
add_test(NAME windows_wine_killed COMMAND ${CMAKE_CURRENT_LIST_DIR}/wine_killed ${CMAKE_BINARY_DIR})
set_tests_properties(windows_wine_killed PROPERTIES TIMEOUT 240)
