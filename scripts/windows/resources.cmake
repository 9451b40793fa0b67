# sg_resources(NAME): gives the program NAME its version resource and manifest.
set(sg_resource_templates ${CMAKE_CURRENT_LIST_DIR})
set(sg_description_stopgapd "stopgap: the service that applies interim mitigations and takes them back")
set(sg_description_stopgapctl "stopgap: the administrator's tool")
set(sg_description_stopgap-feed "stopgap: writes, checks and signs feeds")
set(sg_description_stopgap-journal "stopgap: reads a journal")

function(sg_resources name)
  set(description "${sg_description_${name}}")
  if(description) # a program that we give to a server
    target_sources(${name} PRIVATE ${sg_resource_templates}/load_config.c)
    add_custom_command(TARGET ${name} POST_BUILD COMMAND ${sg_resource_templates}/load-config set $<TARGET_FILE:${name}> VERBATIM)
  else()
    set(description "stopgap: a test")
  endif()
  set(manifest ${sg_resource_templates}/program.manifest)
  set(rc ${CMAKE_BINARY_DIR}/resources/${name}.rc)
  configure_file(${sg_resource_templates}/program.rc.in ${rc} @ONLY)
  target_sources(${name} PRIVATE ${rc})
  set_property(SOURCE ${rc} APPEND PROPERTY OBJECT_DEPENDS ${manifest})
endfunction()

# sg_messages(NAME): gives it the messages of Windows' event log, made from the table of events.
function(sg_messages name)
  set(made ${CMAKE_BINARY_DIR}/messages)
  set(maker ${sg_resource_templates}/make-messages)
  set(table ${CMAKE_SOURCE_DIR}/core/model/codes.h)
  string(REPLACE "windres" "windmc" windmc "${CMAKE_RC_COMPILER}")
  file(MAKE_DIRECTORY ${made})
  add_custom_command(OUTPUT ${made}/messages.rc ${made}/MSG00409.bin DEPENDS ${table} ${maker}
    COMMAND ${maker} ${table} ${made}/messages.mc
    COMMAND ${windmc} -h ${made} -r ${made} ${made}/messages.mc
    VERBATIM)
  set_property(SOURCE ${made}/messages.rc PROPERTY INCLUDE_DIRECTORIES ${made})
  target_sources(${name} PRIVATE ${made}/messages.rc)
endfunction()
