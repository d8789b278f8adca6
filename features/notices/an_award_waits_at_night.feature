Feature: An emergency award that waits is heard
  The flight leaves at six. Whoever is on call is told at once, then again, then others: until somebody decides,
  or says that they have it.

  Background:
    Given Ben is on call for money tonight, with Carla as his backup
    And everybody's phone is on

  Scenario: At once, at five minutes, at ten, then everybody, until it is decided
    Given an envelope is open
    And it is 02:07, and the twelve answers of an emergency are in
    Then Ben is sent a text, and nobody else is told
    When it is 02:12
    Then Ben is texted again and called
    When it is 02:17
    Then Carla is texted and called
    When it is 02:22
    Then Ben, Carla and the supervisor are all texted and called
    When it is 02:40
    Then nobody is told anything more
    And the award's page says who was told and when
    When Ben approves and releases it
    And it is 02:55
    Then it is released, and nobody on call is told anything more

  Scenario: The phone stops the moment it is decided
    Given it is 02:07, and an emergency award waits
    When it is 02:08
    And Ben approves and releases it
    And it is 02:30
    Then Ben was told once, and nobody else ever

  Scenario: Whoever has it is given five minutes, once
    Given it is 02:07, and an emergency award waits
    When it is 02:10
    And Ben opens the link in his text and says he has it
    And it is 02:16
    Then Ben was told once, and nobody else ever
    When it is 02:17
    Then Ben is texted again and called
    And saying so again holds nothing up

  Scenario: Above the small-amount limit a second person is called for
    Given it is 02:07, and an emergency award that needs two people waits
    Then Ben is sent a text, and nobody else is told
    When Ben approves it
    Then Carla is sent a text, and nobody else is told
    And saying so by his own link, Ben holds nothing up
    When Carla says in the house that she has it
    And it is 02:13
    Then nobody is told anything more

  Scenario: With nobody on call, whom to call is who is told
    Given Ben has left, and it is 02:07, and an emergency award waits
    Then Carla is sent a text, and nobody else is told

  Scenario: A phone that is off is seen, and the next person is told in time
    Given Ben's phone is off
    And it is 02:07, and an emergency award waits
    When it is 02:08
    Then the work list says that Ben could not be told
    When Carla has told him
    Then it has left the work list

  Scenario: Everything is quiet the second it must be
    Given it is 02:07, and an emergency award waits
    When a quiet outcome is recorded
    And it is 02:30
    Then Ben was told once, and nobody else ever
